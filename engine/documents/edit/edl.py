"""Edits as CMX3600 edit decision lists: cuts, dissolves, gaps, and speeds by M2 lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from engine.documents.edit.timeline import EditError, Film, Item, Stack, ordered

MOST_LINES = 100_000
_CODE = r"(\d{2}[:;]\d{2}[:;]\d{2}[:;.,]\d{2,3})"
_EVENT = re.compile(
    rf"(\d{{1,6}})\s+(\S+)\s+(\S+)\s+(C|D|W\d*|K\S*)(?:\s+(\d{{1,4}}))?\s+{_CODE}\s+{_CODE}"
    rf"\s+{_CODE}\s+{_CODE}\s*$"
)
_SPEED = re.compile(rf"M2\s+(\S+)\s+([-+]?\d{{1,4}}(?:\.\d{{1,4}})?)(?:\s+{_CODE})?\s*$")
_NAME = re.compile(r"\*\s*(FROM|TO) CLIP NAME:\s*(.{1,250})$")


class _Event(NamedTuple):
    line: int
    number: str
    reel: str
    dissolve: int
    times: tuple[Fraction, Fraction, Fraction, Fraction]
    hour_s: Fraction  # of its record time
    name: str = ""
    speed: Fraction | None = None


def read(text: str, name: str, film: Film, fps: Fraction | None) -> tuple[Stack, Fraction]:
    """Read an EDL; return its one video track and its frame rate: the proxy's, if none is given.

    A record time of an hour or more is taken to begin at its whole hour.

    Raises
    ------
    EditError
        With the line that cannot be read or followed.
    """
    fps = fps or film.fps
    events = sorted(_events(text, name, film, fps), key=lambda event: event.times[2])
    if not events:
        raise EditError(f"{name}: holds no video event; is it a CMX3600 edit list?")
    begin_s = events[0].hour_s
    items: list[Item] = []
    reels: list[str] = []
    for event in events:
        item = _item(event, name, film, begin_s)
        lasting = Fraction(event.dissolve) / fps
        # The line before it says where the picture that goes comes from: it has no length.
        if lasting and items and items[-1].end_s == item.start_s:
            items[-1] = replace(items[-1], end_s=item.start_s + lasting)
        elif items and item.start_s < items[-1].end_s:
            raise EditError(f"{item.place}: lies over the event before it; a list has one track")
        items.append(item)
        reels.append(event.reel)
        if event.reel.upper() != "BL":
            known = () if not event.name else (event.name,)
            film.check(known, f"{name}: line {event.line}")
    kept = [i for i, reel in zip(items, reels, strict=True) if reel.upper() != "BL"]
    kept = _joined([item for item in kept if item.end_s > item.start_s])
    return Stack((ordered(kept, name),)), fps


def _joined(items: list[Item]) -> list[Item]:
    """Leave out what goes in a dissolve where its own event lasts into it already."""
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        if before is not None and item.start_s == before.end_s and _follows(before, item):
            found[-1] = replace(before, end_s=item.end_s)
        else:
            found.append(item)
    return found


def _follows(a: Item, b: Item) -> bool:
    goes_on: bool = a.into_s + (b.start_s - a.start_s) * a.speed == b.into_s and a.speed == b.speed
    return goes_on


def _events(text: str, name: str, film: Film, fps: Fraction) -> Iterator[_Event]:
    """Video events with the names and speeds that are told below them."""
    waiting: list[_Event] = []
    is_drop = False
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise EditError(f"{name}: {len(lines)} lines; an edit list has {MOST_LINES} at most")
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        place = f"{name}: line {number}"
        if line.startswith("FCM:"):
            is_drop = "NON" not in line
        elif event := _EVENT.match(line):
            if waiting and waiting[-1].number != event[1]:
                yield from waiting
                waiting = []
            if "V" in event[3] or event[3] == "B":
                waiting.append(_event(event, number, place, (film.fps, fps), is_drop))
        elif (told := _SPEED.match(line)) and waiting:
            speed = Fraction(told[2]) / film.fps
            which = max((i for i, e in enumerate(waiting) if e.reel == told[1]), default=-1)
            waiting[which] = waiting[which]._replace(speed=speed)
        elif (told := _NAME.match(line)) and waiting:
            which = 0 if told[1] == "FROM" else -1
            waiting[which] = waiting[which]._replace(name=told[2].strip())
        elif re.match(r"\d{1,6}\s", line) and not re.search(r"\s(A\d?|AA|NONE)\s", line):
            raise EditError(f"{place}: '{line:.60}' is no event of a CMX3600 edit list")
    yield from waiting


def _event(
    found: re.Match[str], line: int, place: str, rates: tuple[Fraction, Fraction], is_drop: bool
) -> _Event:
    """Read an event; `rates` are those of its source and of the edit."""
    if found[4].startswith("K"):
        raise EditError(f"{place}: a key lays one picture over another; remove it")
    codes = [_seconds(found[6 + i], rates[i // 2], is_drop, place) for i in range(4)]
    dissolve = 0 if found[4] == "C" else int(found[5] or 0)
    hour_s = _seconds(f"{found[8][:2]}:00:00:00", rates[1], is_drop, place)
    times = (codes[0], codes[1], codes[2], codes[3])
    return _Event(line, found[1], found[2], dissolve, times, hour_s)


def _item(event: _Event, name: str, film: Film, begin_s: Fraction) -> Item:
    """What an event shows; one with a negative speed shows its range of source from the end."""
    into_s, out_s, start_s, end_s = event.times
    length_s = end_s - start_s
    if length_s < 0:
        raise EditError(f"{name}: line {event.line}: ends before it begins")
    speed = event.speed
    if speed is None:
        speed = Fraction(1)
        if length_s and abs(out_s - into_s - length_s) >= 1 / film.fps:
            speed = (out_s - into_s) / length_s
    if speed < 0:
        into_s = max(into_s, out_s) - 1 / film.fps
    return Item(
        start_s - begin_s, end_s - begin_s, into_s, speed, f"{name}: line {event.line}"
    )  # fmt: skip


def _seconds(code: str, fps: Fraction, is_drop: bool, place: str) -> Fraction:
    """Time of a timecode (SMPTE ST 12-1), also of one that leaves out frame numbers."""
    hours, minutes, seconds, frames = (int(part) for part in re.split(r"[:;.,]", code))
    base = -(-fps.numerator // fps.denominator)
    if minutes > 59 or seconds > 59 or frames >= base:
        raise EditError(f"{place}: '{code}' is no timecode at {float(fps):g} frames a second")
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if (is_drop or ";" in code) and fps in (Fraction(30000, 1001), Fraction(60000, 1001)):
        whole = hours * 60 + minutes
        count -= base // 15 * (whole - whole // 10)
    return count / fps
