"""Edits as Premiere, Resolve and Final Cut Pro 7 write them: XML of the kind ``xmeml``.

A clip beside a transition has the start or end -1: it reaches to the far end of the transition, and
its ``in`` and ``out`` do so too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from engine.documents.edit.findings import Findings
from engine.documents.edit.timeline import MOST_ITEMS, Edit, EditError, Item, Stack, ordered

_DEEPEST = 16
_DISSOLVES = ("dissolve", "fade", "film impact", "morph", "default")
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(slots=True)
class _Reader:
    """Where files and sequences are told once, and then called by their ID."""

    name: str
    findings: Findings
    files: dict[str, Element]
    sequences: dict[str, Element]
    count: int = 0
    open: list[Element] = field(default_factory=list)


def read(root: Element, findings: Findings, fps: Fraction | None) -> Edit:
    """Read the one sequence of an ``xmeml`` document.

    Raises
    ------
    EditError
        If there is none or several, or it says what a trajectory cannot follow.
    """
    name = findings.name
    found = _outermost(root)
    if len(found) != 1:
        names = ", ".join(f"'{_text(each, 'name'):.40}'" for each in found[:8])
        what = f"several timelines ({names})" if found else "no timeline"
        raise EditError(f"{name}: holds {what}; export the one that was cut, alone")
    files, sequences = ({each.get("id", ""): each for each in root.iter(tag) if len(each)}
                        for tag in ("file", "sequence"))  # fmt: skip
    reader = _Reader(name, findings, files, sequences)
    sequence = found[0]
    own = _rate(sequence, None, name)
    start = sequence.find("timecode")
    start_s = _number(start, "frame", name) / own if start is not None else _ZERO
    is_drop = _text(sequence, "timecode/displayformat") == "DF"
    return Edit(_stack(reader, sequence, own, name), fps or own, start_s, is_drop=is_drop)


def _outermost(root: Element) -> list[Element]:
    """Sequences that lie in no other one."""
    found: list[Element] = []
    waiting = [root]
    while waiting:
        element = waiting.pop(0)
        for child in element:
            if child.tag == "sequence" and child.find("media") is not None:
                found.append(child)
            elif child.tag in ("project", "bin", "children", "sequence"):
                waiting.append(child)
    return found


def _stack(reader: _Reader, sequence: Element, fps: Fraction, place: str) -> Stack:
    """Tracks of a sequence, the lowest first."""
    if sequence in reader.open or len(reader.open) >= _DEEPEST:
        raise EditError(f"{place}: a sequence in itself, or nested deeper than {_DEEPEST}")
    reader.open.append(sequence)
    tracks = [
        _track(reader, track, fps, f"{place}: track {number}")
        for number, track in enumerate(sequence.findall("media/video/track"), 1)
        if _is_on(track)
    ]
    reader.open.pop()
    return Stack(tuple(tracks))


def _track(reader: _Reader, track: Element, fps: Fraction, place: str) -> tuple[Item, ...]:
    items = []
    parts = [e for e in track if e.tag in ("clipitem", "generatoritem", "transitionitem")]
    for number, part in enumerate(parts):
        where = f"{place}, clip {number + 1} '{_text(part, 'name'):.40}'"
        reader.count += 1
        if reader.count > MOST_ITEMS:
            raise EditError(f"{where}: more than {MOST_ITEMS} clips")
        if part.tag == "transitionitem":
            told = " ".join(_text(part, f"effect/{k}") for k in ("name", "effectcategory"))
            if not any(word in told.casefold() for word in _DISSOLVES):
                reader.findings.wipe(where)
            continue
        start_s, end_s = (_edge(parts, number, tag, fps, where) for tag in ("start", "end"))
        if end_s < start_s:
            raise EditError(f"{where}: ends before it begins")
        item = _item(reader, part, (start_s, end_s), fps, where) if _is_on(part) else None
        if item is not None:
            items.append(item)
    return ordered(items, place)


def _edge(parts: Sequence[Element], number: int, tag: str, fps: Fraction, place: str) -> Fraction:
    """Start or end of a clip, or of the transition that it reaches into."""
    value = _number(parts[number], tag, place)
    if value >= 0:
        return value / fps
    beside = number + (-1 if tag == "start" else 1)
    if not 0 <= beside < len(parts) or parts[beside].tag != "transitionitem":
        raise EditError(f"{place}: has no {tag}, and no transition there that has one")
    return _number(parts[beside], tag, place) / fps


def _item(
    reader: _Reader, clip: Element, times: tuple[Fraction, Fraction], fps: Fraction, place: str
) -> Item | None:
    """What a clip shows; nothing if it is not the proxy."""
    start_s, end_s = times
    file, inside = clip.find("file"), clip.find("sequence")
    if file is not None:
        file = reader.files.get(file.get("id", ""), file)
    seen = [_text(file, "pathurl"), _text(file, "name")] if file is not None else []
    nested = None
    if inside is not None:
        inside = reader.sequences.get(inside.get("id", ""), inside)
        nested = _stack(reader, inside, _rate(inside, fps, place), place)
    elif clip.find("multiclip") is not None:
        raise EditError(f"{place}: a multicam clip is not read; flatten it")
    elif clip.tag == "generatoritem" or _text(file, "mediaSource"):
        told = f"{_text(clip, 'effect/name')} {_text(clip, 'name')}".casefold()
        if re.search(r"\b(slug|black)\b", told):
            return Item(start_s, end_s, _ZERO, _ONE, place, is_black=True)
        if "transparent" not in told:
            reader.findings.title("a title, generator or adjustment layer", place)
        return None
    elif not reader.findings.is_proxy(seen if any(seen) else [_text(clip, "name")], place):
        return None
    into_s, speed = _times(reader, clip, end_s - start_s, fps, place)
    if nested is not None and speed < 0:
        raise EditError(f"{place}: a nested sequence runs backwards; reverse the clips inside")
    return Item(start_s, end_s, into_s, speed, place, nested)


def _times(
    reader: _Reader, clip: Element, length_s: Fraction, fps: Fraction, place: str
) -> tuple[Fraction, Fraction]:
    """First moment and speed of a clip.

    Some programs write ``in`` and ``out`` in frames of the media, others in frames of the clip as
    it plays after its speed was changed: which, says their difference.
    """
    rate = _rate(clip, fps, place)
    in_s, out_s = (_number(clip, tag, place) / rate for tag in ("in", "out"))
    speed = _speed(reader, clip, place)
    if _text(clip, "stillframe").upper() == "TRUE" or speed == 0:
        return in_s, _ZERO
    range_s, slack_s = out_s - in_s, 2 / min(rate, fps)
    off_s = abs(range_s - length_s)
    if speed is None:
        if off_s <= slack_s or not length_s:
            return in_s, _ONE
        told = f"{float(range_s / length_s):g} times"
        reader.findings.note(f"{place}: without a speed its ranges differ; it is played at {told}")
        return in_s, range_s / length_s
    media_off_s = abs(range_s - abs(speed) * length_s)
    # At the speed -1 both mean the same length: Premiere leaves a mark of its own.
    if off_s < media_off_s or (off_s == media_off_s and clip.find("pproTicksIn") is not None):
        in_s, out_s = in_s * abs(speed), out_s * abs(speed)
        if speed < 0:  # counted on the clip as it plays, from its end
            whole_s = _number(clip, "duration", place) / rate * -speed
            in_s, out_s = whole_s - out_s, whole_s - in_s
    elif media_off_s > slack_s + length_s / 100:
        raise EditError(
            f"{place}: plays at {float(speed):g} times, but shows {float(range_s):g} s in "
            f"{float(length_s):g} s; cut it anew, or follow the rendered film with --video"
        )
    elif length_s:
        speed = range_s / length_s * (1 if speed > 0 else -1)  # to the frame
    return (in_s if speed > 0 else out_s - 1 / reader.findings.film.fps), speed


def _speed(reader: _Reader, clip: Element, place: str) -> Fraction | None:
    """Speed that a clip's filters say; other filters are counted."""
    found = None
    for filter_ in clip.findall("filter"):
        effect = filter_.find("effect")
        if effect is None or not _is_on(filter_) or _text(effect, "mediatype") == "audio":
            continue
        if _text(effect, "effectid") != "timeremap":
            reader.findings.effect(_text(effect, "name") or _text(effect, "effectid"))
            continue
        told = {_text(p, "parameterid"): _text(p, "value") for p in effect.findall("parameter")}
        if told.get("variablespeed", "0").upper() not in ("0", "FALSE", ""):
            raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
        found = _decimal(told.get("speed", "100"), place) / 100
        if told.get("reverse", "").upper() == "TRUE":
            found = -abs(found)
    return found


def _is_on(element: Element) -> bool:
    return _text(element, "enabled").upper() != "FALSE"


def _text(element: Element | None, path: str) -> str:
    return ((element.findtext(path) if element is not None else None) or "").strip()


def _rate(element: Element, default: Fraction | None, place: str) -> Fraction:
    """Rate of an element: 30 with ``ntsc`` means 30000/1001."""
    text = _text(element, "rate/timebase")
    if not text and default is not None:
        return default
    base = _decimal(text, place)
    if not 0 < base <= 1000:
        raise EditError(f"{place}: '{text:.20}' is no frame rate")
    is_ntsc = _text(element, "rate/ntsc").upper() == "TRUE"
    return base * 1000 / 1001 if is_ntsc else base


def _number(element: Element, tag: str, place: str) -> Fraction:
    return _decimal(_text(element, tag), f"{place}: {tag}")


def _decimal(text: str, place: str) -> Fraction:
    if not re.fullmatch(r"[-+]?\d{1,12}(\.\d{1,12})?", text):
        raise EditError(f"{place}: '{text:.40}' is no number")
    return Fraction(text)
