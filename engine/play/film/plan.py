"""Plan files of a show or take, without pixels: a row per tick or frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from engine.core.clock import first_index, seconds_at
from engine.play.film.playback import Playback
from engine.play.plan_file import MOST_ROWS, PlanWriter


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
        If a show without a track is asked for with no limit, or for more than `MOST_ROWS`.
    OSError
        If it cannot be written; nothing is left then.
    """
    asked = frames if fps is not None else ticks
    if playback.end_s is None and asked is None:
        raise ValueError("a show has no end: say --ticks N, or --fps R with --frames N")
    begin = playback.start_s + (start or Fraction(0))
    frame_before = max(begin - (1 / fps if fps is not None else 0), playback.start_s)
    line = playback.line_at(frame_before)
    rate = line.show.control_hz
    if asked is None and playback.end_s is not None:
        asked = int((playback.end_s - begin) * (fps or rate))
    if asked is not None and asked > MOST_ROWS:
        raise ValueError(f"{path}: {asked} rows, at most {MOST_ROWS} are written; ask for a part")
    writer = PlanWriter(path, line.show)
    count = 0
    try:
        line.control(frame_before, playback.events_of)  # what it has seen, the first does not
        for at in moments(playback, begin, fps, frames, ticks, rate):
            line.control(at, playback.events_of)
            writer.write(line.show, line.seen, float(at))
            count += 1
        writer.end()
        if writer.error:
            raise OSError(writer.error)
    except BaseException:
        writer.drop()
        raise
    writer.close()
    return count
