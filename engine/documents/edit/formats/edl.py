"""Edits as CMX3600 edit decision lists: cuts, dissolves, gaps, and speeds by M2 lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.documents.edit.findings import Findings
from engine.documents.edit.formats.clock import TIMECODE, seconds_of
from engine.documents.edit.timeline import Edit, EditError, Film, Item, Stack, ordered

MOST_LINES = 100_000
_LEADER_S = 60  # a list that begins within so much of a whole hour begins at it
_EVENT = re.compile(
    rf"(\d{{1,6}})\s+(\S+)\s+(\S+)\s+(C|D|W\d*|K\s?[BO]?(?=\s))(?:\s+(\d{{1,4}}))?\s+({TIMECODE})"
    rf"\s+({TIMECODE})\s+({TIMECODE})\s+({TIMECODE})\s*$"
)
_SPEED = re.compile(rf"M2\s+(\S+)\s+([-+]?\d{{1,4}}(?:\.\d{{1,4}})?)(?:\s+({TIMECODE}))?\s*$")
_NAME = re.compile(r"\*?\s*(FROM|TO|SOURCE) (?:CLIP NAME|CLIP|FILE):\s*(.{1,400})$", re.IGNORECASE)
_SOUND = re.compile(r"\s(A[\dA/]*|NONE)\s")


@dataclass(slots=True)
class _Event:
    """A line of a list; its names and its speed come on lines of their own."""

    line: int
    number: str
    reel: str
    track: int
    how: str
    dissolve: int
    codes: tuple[str, ...]
    times: tuple[Fraction, ...]
    names: tuple[str, ...] = ()
    speed: Fraction | None = None

    @property
    def is_leader(self) -> bool:
        return self.reel.upper() in ("BL", "BLACK", "BLK")


def read(text: str, findings: Findings, fps: Fraction | None) -> Edit:
    """Read an EDL; its frame rate is the proxy's, if none is given.

    It begins at the whole hour, if its first event lies within a minute of it, else at that event.

    Raises
    ------
    EditError
        With the line that cannot be read or followed.
    """
    film, name = findings.film, findings.name
    fps = fps or film.fps
    events, is_drop = _events(text, name, film.fps, fps)
    events.sort(key=lambda event: event.times[2])
    if not events:
        raise EditError(f"{name}: holds no video event; is it a CMX3600 edit list?")
    begin_s = _begin(events[0], fps, is_drop, findings)
    tracks: dict[int, list[Item]] = {}
    for event in events:
        _add(tracks.setdefault(event.track, []), event, begin_s, fps, findings)
    shown = [_joined([i for i in tracks[t] if i.end_s > i.start_s]) for t in sorted(tracks)]
    stack = Stack(tuple(ordered(items, name) for items in shown))
    return Edit(stack, fps, begin_s, is_drop=is_drop)


def _events(text: str, name: str, source_fps: Fraction, fps: Fraction) -> tuple[list[_Event], bool]:
    """Events of a list with what their comments say, and whether its clock drops frames."""
    is_drop, found = False, list[_Event]()
    here: list[_Event] = []  # lines of the event that comments belong to
    for number, line in _lines(text, name):
        place = f"{name}: line {number}"
        if line.upper().startswith("FCM:"):
            is_drop = "NON" not in line.upper()
        elif event := _EVENT.match(line):
            here = here if here and here[0].number == event[1] else []
            if "V" in event[3].upper() or event[3].upper() == "B":
                here.append(_event(event, number, place, (source_fps, fps), is_drop))
                found.append(here[-1])
        elif re.match(r"M2\s", line):
            _set_speed(here, line, source_fps, place)
        elif (match := _NAME.match(line)) and here:
            which = here[0 if match[1].upper() == "FROM" else -1]
            which.names += (match[2].strip(),)
        elif re.match(r"\d{1,6}\s", line) and not _SOUND.search(line):
            raise EditError(f"{place}: '{line:.60}' is no event of a CMX3600 edit list")
    return found, is_drop


def _lines(text: str, name: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if number > MOST_LINES:
            raise EditError(f"{name}: longer than {MOST_LINES} lines")
        yield number, line.strip()


def _event(
    found: re.Match[str], line: int, place: str, rates: tuple[Fraction, Fraction], is_drop: bool
) -> _Event:
    """Read an event; `rates` are those of its source and of the edit."""
    codes = found.groups()[5:]
    times = tuple(seconds_of(c, rates[i // 2], is_drop, place) for i, c in enumerate(codes))
    if times[3] < times[2]:
        raise EditError(f"{place}: ends before it begins")
    track = re.search(r"V(\d{1,2})", found[3].upper())
    dissolve = int(found[5] or 0) if found[4][0] in "DW" else 0
    return _Event(
        line, found[1], found[2], int(track[1]) if track else 1, found[4], dissolve, codes, times
    )


def _set_speed(here: Sequence[_Event], line: str, source_fps: Fraction, place: str) -> None:
    """Give a speed to the event of its reel, of two of one reel to that with its timecode."""
    match = _SPEED.match(line)
    if match is None:
        raise EditError(f"{place}: '{line:.60}' is no speed of a CMX3600 edit list")
    same = [event for event in here if event.reel == match[1]] or list(here)
    exact = [event for event in same if event.codes[0] == match[3]]
    for event in (exact or same)[-1:]:
        event.speed = Fraction(match[2]) / source_fps


def _begin(first: _Event, fps: Fraction, is_drop: bool, findings: Findings) -> Fraction:
    """Record time at which the film begins."""
    code, start_s = first.codes[2], first.times[2]
    hour = f"{code[:2]}:00:00:00"
    hour_s = seconds_of(hour, fps, is_drop, findings.name)
    is_near = start_s - hour_s <= _LEADER_S
    if start_s != hour_s and not findings.begin:
        findings.note(
            f"begins at {hour}, {float(start_s - hour_s):g} s before its first event; say --begin "
            f"{code} to begin with that"
            if is_near
            else f"begins at {code}, with its first event; if the film begins elsewhere, say "
            "--begin HH:MM:SS:FF"
        )
    return hour_s if is_near else start_s


def _add(
    items: list[Item], event: _Event, begin_s: Fraction, fps: Fraction, findings: Findings
) -> None:
    """Put an event on its track; what goes lasts until its dissolve is over."""
    place = f"{findings.name}: line {event.line}"
    if event.how.startswith("K") and not event.how.endswith("B"):
        findings.title("a key over another picture", place)
        return
    item = _item(event, place, findings)
    item = replace(item, start_s=item.start_s - begin_s, end_s=item.end_s - begin_s)
    if items and item.start_s == item.end_s:
        item = replace(item, speed=_speed_of_what_goes(items[-1], item))
    lasting = Fraction(event.dissolve) / fps
    # The line before it says where the picture that goes comes from: it has no length.
    if lasting and items and items[-1].end_s == item.start_s:
        items[-1] = replace(items[-1], end_s=item.start_s + lasting)
    elif items and item.start_s < items[-1].end_s:
        raise EditError(f"{place}: lies over the event before it; a list has one track")
    if event.how.startswith("W"):
        findings.wipe(place)
    if event.is_leader or not findings.is_proxy(_names(event, findings.film), place):
        item = replace(item, inside=Stack(()))
    items.append(item)


def _names(event: _Event, film: Film) -> tuple[str, ...]:
    """Names by which a list calls a clip; of a reel only what is not just a word for any file."""
    reel = event.reel
    if event.names or reel.upper() in ("AX", "AXX", "AX_", "UNKNOWN"):
        return event.names
    # A reel has eight characters; which of a file's name they are every program decides anew.
    short = re.sub(r"[\W_]", "", reel).casefold()
    known = [re.sub(r"[\W_]", "", name).casefold() for name in film.names]
    is_known = any(short and name.startswith(short) for name in known)
    return (film.names[0],) if is_known and len(short) >= min(3, *map(len, known)) else (reel,)


def _item(event: _Event, place: str, findings: Findings) -> Item:
    """What an event shows; one with a negative speed shows its range of source from the end."""
    into_s, out_s, start_s, end_s = event.times
    source_fps = findings.film.fps
    length_s, range_s = end_s - start_s, out_s - into_s
    speed = event.speed
    if speed is None:
        speed = Fraction(1)
        if length_s and abs(range_s - length_s) >= 1 / source_fps:
            speed = range_s / length_s
            findings.note(
                f"line {event.line}: without an M2 line its ranges differ; it is played at "
                f"{float(speed):g} times"
            )
    elif speed and length_s:
        # M2 has one decimal: the ranges say the same exactly, to the frame that each is rounded by.
        slack_s = 2 / source_fps + Fraction(1, 20) / source_fps * length_s
        if abs(abs(range_s) - abs(speed) * length_s) <= slack_s:
            speed = abs(range_s) / length_s * (1 if speed > 0 else -1)
        else:
            findings.note(
                f"line {event.line}: M2 says {float(speed):g} times, its ranges "
                f"{float(range_s / length_s):g}; M2 is followed"
            )
    if speed < 0:
        into_s = max(into_s, out_s) - 1 / source_fps
    return Item(start_s, end_s, into_s, speed, place)


def _speed_of_what_goes(before: Item, item: Item) -> Fraction:
    """Speed of what goes in a dissolve: that of the event before it, if it goes on from there."""
    goes_on_s = before.into_s + (before.end_s - before.start_s) * before.speed
    is_like = abs(item.speed - before.speed) < Fraction(1, 100) or item.speed == 1
    return before.speed if goes_on_s == item.into_s and is_like else item.speed


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
    return goes_on and a.inside is b.inside is None
