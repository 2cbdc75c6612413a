"""The reader of takes: shows, events, states and sound, with nothing in them trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.clock import parse_rate
from engine.core.event import Event, Value
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data
from engine.core.show.state import State
from engine.documents.errors import reading
from engine.documents.show import load
from engine.documents.take.content_store import TakeError, read_show
from engine.documents.take.recorder import PART_S, SCHEMA
from engine.system import untrusted
from engine.system.foreign import toml
from engine.system.untrusted import OutsideError, open_regular

__all__ = ["Take", "TakeError", "open_take", "read_part"]

LARGEST_PART_BYTES = 256 * 1024 * 1024
_LARGEST_SOUND_BYTES = 1 << 30
_LARGEST_WHOLE = 1 << 63


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """An opened take.

    Parameters
    ----------
    header
        ``take.toml``, checked.
    parts
        First tick of every part, in order.
    last_tick
        The newest recorded one.
    places
        Recorded paths of models, and where they lie now; see `find_models.find`.
    """

    folder: Path
    header: dict[str, Any]
    parts: tuple[int, ...]
    last_tick: int
    places: tuple[tuple[str, str], ...] = ()

    @property
    def rate(self) -> Fraction:
        """Control rate in hertz."""
        return parse_rate(self.header["control_hz"])

    def path(self, part: int, suffix: str) -> Path:
        """File of a part."""
        return self.folder / "parts" / f"{part:010d}.{suffix}"

    def part_at(self, tick: int) -> int:
        """First tick of the part that holds a tick (the first part for earlier ones)."""
        return max((p for p in self.parts if p <= tick), default=self.parts[0])

    def events_of(self, tick: int) -> Sequence[Event]:
        """Events of a tick, in order of effect."""
        events: Sequence[Event] = read_part(self, self.part_at(tick))[1].get(tick, ())
        return events

    def state_before(self, tick: int) -> tuple[Show, State]:
        """Newest recorded state from which `tick` can be reached, and the show it belongs to."""
        first = read_part(self, self.part_at(tick))[0]
        show = self.show(first["show"])
        try:
            return show, from_data(show, first["state"])
        except ValueError as error:
            raise TakeError(f"{self.path(self.part_at(tick), 'jsonl')}:1: {error}") from None

    def show(self, name: str) -> Show:
        """Build the show of a content hash, with the seed that it was played with.

        Raises
        ------
        TakeError
            If a blob is missing or altered.
        """
        show = read_show(self.folder, name, self.places)
        if show.control_hz != self.rate:
            raise TakeError(
                f"{self.folder}: the header says {self.rate} ticks per second, the show "
                f"{show.control_hz}; one of them was altered"
            )
        return replace(show, seed=self.header.get("seed", show.seed))

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height it was played at; None if the header does not say."""
        found = self.header.get("size_px")
        return (found[0], found[1]) if found is not None else None

    @property
    def has_sound(self) -> bool:
        """Whether any part holds samples."""
        return any(self.path(part, "pcm").is_file() for part in self.parts)

    def sound(self, start: int, count: int) -> NDArray[np.float32]:
        """Samples by their place in the show's time [shape=(count, channels)]; gaps are silent."""
        channels = self.header["sound"]["channels"]
        out = np.zeros((count, channels), np.float32)
        for part, at, end in zip(self.parts, *read_places(self), strict=True):
            if at >= start + count or end <= start:
                continue
            data = read_pcm(self.folder, self.path(part, "pcm"), channels)
            low, high = max(start, at), min(start + count, at + len(data))
            if low < high:
                out[low - start : high - start] = data[low - at : high - at] / 32767.0
        return out


def open_take(folder: Path) -> Take:
    """Open a take.

    Raises
    ------
    TakeError
        If it is none, is damaged, or is of another version.
    """
    path = folder / "take.toml"
    try:
        header = toml.loads(_text(folder, path.name, 1 << 20))
    except (ValueError, RecursionError) as error:
        raise TakeError(f"{folder}: not a take that can be read: {error}") from None
    if header.get("schema") != SCHEMA:
        raise TakeError(f"{path}: schema: this version reads {SCHEMA}, not {header.get('schema')}")
    names = [p.stem for p in (folder / "parts").glob("*.jsonl")]
    parts = tuple(sorted(int(n) for n in names if re.fullmatch(r"\d{10}", n)))
    if not parts:
        raise TakeError(f"{folder}: the take holds no parts; nothing was recorded")
    _check_header(path, header)
    while len(parts) > 1 and not _is_begun(folder, Path(f"{parts[-1]:010d}.jsonl")):
        parts = parts[:-1]
    take = Take(folder, header, parts, 0)
    return Take(folder, header, parts, read_part(take, parts[-1])[2])


def _text(folder: Path, name: str, most: int) -> str:
    """Text of a take's own file.

    Raises
    ------
    TakeError
        If it lies elsewhere, or cannot be read.
    """
    try:
        return load.read_text(untrusted.place(name, folder), most)
    except (OutsideError, load.ShowError) as error:
        raise TakeError(str(error)) from None


def _first_line(folder: Path, path: Path) -> bytes:
    """First line of a part, see `_text`."""
    with (
        reading(path, TakeError),
        open_regular(untrusted.place(f"parts/{path.name}", folder)) as file,
    ):
        return file.readline(LARGEST_PART_BYTES)


def _is_begun(folder: Path, path: Path) -> bool:
    """Whether a part got as far as its first whole line before the machine stopped."""
    return _first_line(folder, path).endswith(b"\n")


def _check_header(path: Path, header: dict[str, Any]) -> None:
    try:
        parse_rate(header["control_hz"])
        parse_rate(header.get("fps", 60))
        _check_numbers(header, "seed", [header.get("seed", 0)], 0, 2**63)
        size = header.get("size_px", [16, 16])
        _check_numbers(header, "size_px", [*size, 0, 0][:2], 16, 16384)
        sound = header.get("sound")
        if sound is not None:
            _check_numbers(sound, "rate_hz", [sound["rate_hz"]], 8000, 384_000)
            _check_numbers(sound, "channels", [sound["channels"]], 1, 64)
    except KeyError as error:
        raise TakeError(f"{path}: the key {error} is missing; the header is damaged") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise TakeError(f"{path}: {error}") from None


def _check_numbers(table: Any, key: str, found: Sequence[Any], low: int, high: int) -> None:
    """Refuse what is not a whole number in its range."""
    for number in found:
        if type(number) is not int or not low <= number <= high:
            there = table.get(key)
            raise ValueError(f"{key}: {there!r:.60} is out of range; the header is damaged")


@lru_cache(maxsize=8)
def read_part(take: Take, part: int) -> tuple[dict[str, Any], dict[int, tuple[Event, ...]], int]:
    """First line, events by tick and newest tick of a part.

    A newest part that was cut off by a crash ends at its last whole line.

    Raises
    ------
    TakeError
        If a line is damaged, or is about a tick that is none of this part's.
    """
    path = take.path(part, "jsonl")
    lines = _text(take.folder, f"parts/{path.name}", LARGEST_PART_BYTES).splitlines() or [""]
    events: dict[int, list[Event]] = {}
    newest = part - 1
    ticks = range(part, part + round(PART_S * take.rate) + 1)
    first: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if number == 1:
                first = _start(row, part)
            elif isinstance(row, dict):
                newest = max(newest, _tick(row["at"], ticks))
            else:
                event = _event(row, ticks)
                events.setdefault(event.tick, []).append(event)
                newest = max(newest, event.tick)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            if number == len(lines) > 1 and part == take.parts[-1]:
                break
            raise TakeError(f"{path}:{number}: this line is damaged; the take ends here") from None
    after = take.parts[take.parts.index(part) + 1 :]
    if after and newest != after[0] - 1:
        raise TakeError(
            f"{path}: ends at tick {newest}, the next part begins at {after[0]}; something between "
            "them is lost, the take can be played up to here or from there"
        )
    return first, {tick: tuple(found) for tick, found in events.items()}, newest


def _start(row: Any, part: int) -> dict[str, Any]:
    """Check a part's first line: the state before its first tick."""
    first = dict(row)
    states = (first["tick"], first["state"]["tick"])
    kinds = (type(first["sample"]), type(first["show"]))
    is_start = states == (part - 1, part - 1) and kinds == (int, str)
    if not is_start or abs(first["sample"]) > _LARGEST_WHOLE:
        raise ValueError("not the state before this part")
    return first


def _tick(found: Any, ticks: range) -> int:
    if type(found) is not int or found not in ticks:
        raise ValueError("not a tick of this part")
    return found


def _event(row: Any, ticks: range) -> Event:
    tick, address, value, source, sequence = row
    checked: Value
    if isinstance(value, list):
        checked = tuple(float(v) for v in value)
    elif isinstance(value, (bool, int, float, str)):
        checked = value
    else:
        raise TypeError("not a value")
    if any(isinstance(x, int) and abs(x) > _LARGEST_WHOLE for x in (checked, sequence)):
        raise ValueError("a whole number beyond all bounds")
    return Event(_tick(tick, ticks), str(address), checked, str(source), int(sequence))


@lru_cache(maxsize=8)
def read_places(take: Take) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Place of every part's first sample, and of the one after its last."""
    frame = 2 * int(take.header["sound"]["channels"])
    places, ends = [], []
    for part in take.parts:
        line = _first_line(take.folder, take.path(part, "jsonl"))
        try:
            places.append(int(_start(json.loads(line), part)["sample"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise TakeError(f"{take.path(part, 'jsonl')}:1: this line is damaged") from None
        path = take.path(part, "pcm")
        ends.append(places[-1] + (path.stat().st_size // frame if path.is_file() else 0))
    return tuple(places), tuple(ends)


@lru_cache(maxsize=16)
def read_pcm(folder: Path, path: Path, channels: int) -> NDArray[np.int16]:
    """16-bit samples of a part of the take in `folder` [shape=(n, channels)].

    Raises
    ------
    TakeError
        If they lie elsewhere, or cannot be read.
    """
    found = b""
    with reading(path, TakeError), suppress(FileNotFoundError):
        found = untrusted.read_beneath(folder, f"parts/{path.name}", _LARGEST_SOUND_BYTES)
    data = np.frombuffer(found[: len(found) // (2 * channels) * 2 * channels], "<i2")
    return data.reshape(-1, channels)
