"""Plan files: control values and latents without pixels, one row per tick or frame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.app.playback import Playback
from engine.core.clock import first_index, newest_index, seconds_at
from engine.core.event import Event
from engine.core.sample import latents
from engine.core.show import Show
from engine.core.state import State
from engine.core.value import effective

MOST_ROWS = 4_000_000


class PlanWriter:
    """Gathers rows on disk and writes them as one ``.npz`` at the end.

    Columns are those of the first show; where a reloaded show lacks one, it is NaN.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """

    def __init__(self, path: Path, show: Show) -> None:
        if path.suffix != ".npz":
            raise ValueError(f"{path}: a plan file ends in .npz")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path.parent}: there is no such folder; make it first")
        self._path = path
        self._addresses = [p.address for p in show.registry.parameters]
        self._paths = [
            (f"/layer/{layer.id}/generator/{p.port}", p.size)
            for layer in show.layers
            if layer.generator is not None
            for p in layer.generator.paths
        ]
        self._rows = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the writer
        self._count = 0

    def write(self, show: Show, state: State, seconds: float) -> None:
        """Add the row of a moment."""
        if self._count >= MOST_ROWS:
            return
        values = effective(show, state, seconds)
        if [p.address for p in show.registry.parameters] != self._addresses:
            index = show.registry.index
            values = np.array([values[index[a]] if a in index else np.nan for a in self._addresses])
        found = latents(show, state, seconds)
        row = [np.array([state.tick, seconds]), values]
        row += [
            found[a].astype(np.float64)
            if a in found and len(found[a]) == size
            else np.full(size, np.nan)
            for a, size in self._paths
        ]
        self._rows.write(np.concatenate(row).tobytes())
        self._count += 1

    def tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Add the row of a tick; fits `Line.on_tick`."""
        del before, events
        self.write(show, after, float(seconds_at(after.tick, show.control_hz)))

    def close(self) -> None:
        """Write the file."""
        width = 2 + len(self._addresses) + sum(size for _, size in self._paths)
        self._rows.seek(0)
        table = np.frombuffer(self._rows.read(), np.float64).reshape(-1, width)
        self._rows.close()
        arrays: dict[str, NDArray[Any]] = {
            "tick": table[:, 0].astype(np.int64),
            "seconds": table[:, 1],
        }
        arrays.update({a: table[:, 2 + i] for i, a in enumerate(self._addresses)})
        at = 2 + len(self._addresses)
        for address, size in self._paths:
            arrays[address] = table[:, at : at + size].astype(np.float32)
            at += size
        with self._path.open("wb") as file:
            # The stub takes **kwds for allow_pickle as well; addresses never collide with it.
            np.savez(file, **arrays)  # type: ignore[arg-type]


def moments(
    playback: Playback,
    start: Fraction,
    fps: Fraction | None,
    frames: int | None,
    ticks: int | None,
    rate: Fraction,
) -> Iterator[Fraction]:
    """Times of the rows: ticks, or frames when a rate is given."""
    end = playback.end_s
    count = frames if fps is not None else ticks
    made = 0
    while count is None or made < count:
        if fps is not None:
            at = start + seconds_at(made, fps)
        else:
            at = seconds_at(first_index(start, rate) + made, rate)
        if count is None and (end is None or at >= end):
            return
        yield at
        made += 1


def write_plan(
    playback: Playback,
    path: Path,
    start: Fraction | None = None,
    fps: Fraction | None = None,
    frames: int | None = None,
    ticks: int | None = None,
) -> int:
    """Write the plan file of a show or take; return the number of rows.

    Raises
    ------
    ValueError
        If a show without a track is asked for with no limit.
    """
    if playback.end_s is None and frames is None and ticks is None:
        raise ValueError("a show has no end: say --ticks N, or --fps R with --frames N")
    begin = playback.start_s + (start or Fraction(0))
    line = playback.line_at(begin)
    writer = PlanWriter(path, line.show)
    count = 0
    for at in moments(playback, begin, fps, frames, ticks, line.show.control_hz):
        if newest_index(at, line.show.control_hz) > line.state.tick:
            line.control(at, playback.events_of)
        writer.write(line.show, line.state, float(at))
        count += 1
    writer.close()
    return count
