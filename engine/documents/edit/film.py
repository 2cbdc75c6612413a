"""Edits as films: what an editor rendered, read by the frame numbers that are burnt in.

So every program can be followed, whatever it writes. The numbers of a shot are put on a straight
line, which finds speeds again; dissolves are read from the two codes that lie over each other.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from engine.core.track.conform import Shot
from engine.documents.edit.barcode import Reading, is_elsewhere
from engine.documents.edit.barcode import read as read_code
from engine.documents.edit.timeline import MOST_FRAMES, EditError, Film
from engine.system.untrusted import open_regular

_FORMATS = "mov,mp4,matroska,webm,avi,mxf,mpegts,ogg"  # a playlist opens what it names
_DARK = 24.0  # mean luma of a picture that is none
_MOST_KEPT = 16
_FARTHEST = 8  # frames of the proxy from one frame to the next of a shot
_DENOMINATOR = 240  # of speeds that are found again


def read(path: Path, film: Film) -> tuple[list[Shot], Fraction]:
    """Read what every frame of a rendered edit shows, and its frame rate.

    Raises
    ------
    EditError
        If it is no film, or shows something else than the proxy.
    """
    readings: list[Reading | None] = []
    unread: list[int] = []
    odd_ones: dict[int, NDArray[Any]] = {}  # a few pictures with which something unread begins
    fps, pictures = _pictures(path)
    for number, gray in enumerate(pictures):
        if number >= MOST_FRAMES:
            raise EditError(f"{path}: longer than {MOST_FRAMES} frames")
        found = read_code(gray)
        if found is None and float(gray.mean()) > _DARK:
            if len(odd_ones) < _MOST_KEPT and number - 1 not in unread[-1:]:
                odd_ones[number] = gray
            unread.append(number)
        readings.append(found)
    shots = _shots([_known(each, film) for each in readings], set(unread), path.name)
    lost = [number for number in unread if shots[number].first is None]
    gone = set(lost)
    # A picture or two between shots may be blurred; three in a row are something else.
    odd = next((n for n in lost if {n + 1, n + 2} <= gone), None)
    if odd is not None:
        raise EditError(
            f"{path}: frame {odd} ({float(odd / fps):.2f} s) shows no frame number of the proxy"
            f"{_cause(odd_ones.get(odd))}"
        )
    while shots and shots[-1].first is None:
        shots.pop()
    if not shots:
        cause = _cause(next(iter(odd_ones.values()), None))
        raise EditError(f"{path}: no picture of it shows a frame number of the proxy{cause}")
    for number, shot in enumerate(shots):
        for at in (shot.first, shot.second):
            if at is not None and not -1 < at < film.frames:
                raise EditError(
                    f"{path}: frame {number} shows frame {float(at):g} of the proxy, which has the "
                    f"frames 0 to {film.frames - 1}; conform with the sidecar of that proxy"
                )
    return shots, fps


def answer(_: bytes, job: Mapping[str, Any]) -> dict[str, Any]:
    """Read a film in a `engine.system.limited_child`; its shots as plain lists."""
    film = Film(tuple(job["names"]), Fraction(job["film_fps"]), job["frames"])
    shots, fps = read(Path(job["path"]), film)
    rows = [
        [*(None if x is None else str(x) for x in shot[:2]), str(shot.share), shot.place,
         str(shot.speed)]
        for shot in shots
    ]  # fmt: skip
    return {"shots": rows, "fps": str(fps)}


def _cause(gray: NDArray[Any] | None) -> str:
    """Why a picture's number is not read, as the rest of a sentence."""
    if gray is not None and is_elsewhere(gray):
        return (
            " in its lower left corner, but elsewhere: a letterbox, a zoom or a move of the editor "
            "is the cause; render the edit without it"
        )
    return (
        "; leave its lower left corner as it is (a crop, a zoom or a letterbox takes it away), and "
        "take other pictures out"
    )


def _pictures(path: Path) -> tuple[Fraction, Iterator[NDArray[Any]]]:
    try:
        container = av.open(open_regular(path), "r", options={"format_whitelist": _FORMATS})
        stream = container.streams.video[0]
        fps = Fraction(stream.average_rate or 0)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise EditError(f"{path}: no film that can be read: {error}") from None
    if fps <= 0:
        raise EditError(f"{path}: says no frame rate")

    def pictures() -> Iterator[NDArray[Any]]:
        try:
            with container:
                for frame in container.decode(stream):
                    yield frame.to_ndarray(format="gray")
        except av.FFmpegError as error:
            raise EditError(f"{path}: damaged: {error}") from None

    return fps, pictures()


def _known(reading: Reading | None, film: Film) -> Reading | None:
    """Take a second number that the proxy does not have for what it is: noise."""
    if reading is not None and reading.second is not None and reading.second >= film.frames:
        return Reading(reading.first, None, reading.share)
    return reading


@dataclass(slots=True)
class _Line:
    """A shot while it is found: (frame, frame of the proxy), on a line if they lie on one."""

    points: list[tuple[int, float]]
    slope: float = 0.0
    start: float = 0.0
    is_steady: bool = True

    @property
    def first(self) -> int:
        return self.points[0][0]

    @property
    def last(self) -> int:
        return self.points[-1][0]

    def expects(self, number: int, seen: float) -> float:
        """How far a reading is from where the shot would be; infinite: it is another shot's."""
        last, at = self.points[-1]
        if len(self.points) == 1:
            away = abs(seen - at) / (number - last)
            return away if away <= _FARTHEST else math.inf
        back = self.points[max(len(self.points) - 9, 0)]
        away = abs(seen - at - (at - back[1]) / (last - back[0]) * (number - last))
        return away if away <= 1.6 + 0.05 * (number - last) else math.inf

    def settle(self) -> None:
        """Find the line: through all readings, or just above them if each was shown for a while."""
        x, y = np.array(self.points, float).T
        if len(x) > 1:
            self.slope = float((y[-1] - y[0]) / (x[-1] - x[0]))
            if np.abs(y - y[0] - self.slope * (x - x[0])).max() > 1e-9:
                self.slope = float(np.polyfit(x, y, 1)[0])
                simple = (round(self.slope * n) / n for n in range(1, 25))
                fits = (slope for slope in simple if np.ptp(y - slope * x) < 1.0)
                self.slope = next(fits, self.slope)
        self.start = float(np.max(y - self.slope * x))
        self.is_steady = bool(np.abs(self.start + self.slope * x - y).max() <= 1.5)

    def at(self, number: int) -> Fraction:
        """Place in the proxy, in frames."""
        found = self.start + self.slope * number
        if not self.is_steady:  # as it is read
            after = min(bisect_left(self.points, (number, -math.inf)), len(self.points) - 1)
            (x0, y0), (x1, y1) = self.points[max(after - 1, 0)], self.points[after]
            found = y1 if x1 == x0 else y0 + (y1 - y0) * (number - x0) / (x1 - x0)
        exact = Fraction(found).limit_denominator(_DENOMINATOR)
        return exact if abs(exact - Fraction(found)) < Fraction(1, 1000) else Fraction(found)


def _lines(readings: Sequence[Reading | None]) -> list[_Line]:
    """Sort readings into shots."""
    found: list[_Line] = []
    going: list[_Line] = []
    for number, reading in enumerate(readings):
        if reading is None:
            continue
        seen = [float(reading.first)]
        if reading.second is not None and abs(reading.second - reading.first) <= 2:
            seen = [reading.first + reading.share * (reading.second - reading.first)]
        elif reading.second is not None:
            seen.append(float(reading.second))
        here = []
        for each in seen:
            free = [line for line in going if line not in here]
            line = min(free, key=lambda line: line.expects(number, each), default=None)
            if line is None or line.expects(number, each) == math.inf:
                line = _Line([])
                going.append(line)
                found.append(line)
            line.points.append((number, each))
            here.append(line)
        if reading.second is None and not reading.share:  # clean: nothing else is seen here
            going = here
    for line in found:
        line.settle()
    return sorted(found, key=lambda line: line.first)


def _shots(readings: Sequence[Reading | None], unread: set[int], name: str) -> list[Shot]:
    """What every frame shows, of one shot or of two."""
    lines = _lines(readings)
    spans = [[line.first, line.last] for line in lines]
    for (i, before), (j, after) in pairwise(enumerate(lines)):
        if after.first <= before.last:
            spans[i][1], spans[j][0] = _dissolve(readings, before, after)
    seen: list[list[int]] = [[] for _ in readings]
    for i, (first, last) in enumerate(spans):
        for number in range(first, last + 1):
            seen[number].append(i)
    shots: list[Shot] = []
    for number, (reading, here) in enumerate(zip(readings, seen, strict=True)):
        if not here or (reading is None and number not in unread):
            shots.append(Shot(None))
            continue
        a, b = lines[here[0]], lines[here[-1]]
        place, speed = f"{name}: shot {here[-1] + 1}", Fraction(b.slope)
        if a is b:
            shots.append(Shot(a.at(number), place=place, speed=speed))
            continue
        first, last = spans[here[-1]][0], spans[here[0]][1]
        share = Fraction(2 * (number - first) + 1, 2 * (last - first + 1))
        shots.append(Shot(a.at(number), b.at(number), share, place, speed))
    return shots


def _dissolve(readings: Sequence[Reading | None], a: _Line, b: _Line) -> tuple[int, int]:
    """Last frame of the one and first of the other: where the share of the other leaves 0 and 1."""
    found = []
    for number in range(b.first, a.last + 1):
        reading = readings[number]
        if reading is not None and reading.second is not None:
            is_late = abs(reading.first - b.at(number)) < abs(reading.first - a.at(number))
            found.append((number, 1.0 - reading.share if is_late else reading.share))
    if len(found) >= 2:
        x, y = np.array(found, float).T
        slope, start = map(float, np.polyfit(x, y, 1))
        if slope > 0.0:
            # The share of frame k of n is (k + 1/2) / n.
            first, last = -start / slope + 0.5, (1.0 - start) / slope - 0.5
            return (
                min(max(round(last), a.last), len(readings) - 1),
                max(min(round(first), b.first), 0),
            )
    return a.last, b.first
