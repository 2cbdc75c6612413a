"""Edits as OpenTimelineIO writes them: cuts, gaps, dissolves, linear speed, nesting.

The JSON is read here and not by OpenTimelineIO: a file may be newer than the library, and a few
bytes can make that end the program. Times are read as its documents have it: a time effect does not
change a clip's duration; a negative one shows the clip's range of media from its end.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from engine.core.clock import parse_rate
from engine.documents.edit.findings import Findings
from engine.documents.edit.timeline import MOST_ITEMS, Edit, EditError, Item, Stack, ordered

_DEEPEST = 16
_INFINITE = re.compile(r'("(?:[^"\\]|\\.)*"?)|\bInf\b')  # OpenTimelineIO writes it; no JSON has it
_OLD = {"Sequence": "Track", "Filler": "Gap"}
_SPEEDS = ("TimeEffect", "LinearTimeWarp", "FreezeFrame")
_ZERO, _ONE = Fraction(0), Fraction(1)
Object = Mapping[str, Any]


@dataclass(slots=True)
class _Reader:
    name: str
    findings: Findings
    fps: Fraction
    count: int = 0


def read(text: str, findings: Findings, fps: Fraction | None) -> Edit:
    """Read an ``.otio`` text; its rate is the one it begins with, or that of most clips.

    Raises
    ------
    EditError
        If it is none, or says what a trajectory cannot follow.
    """
    name = findings.name
    try:
        found: Any = json.loads(_INFINITE.sub(lambda found: found[1] or "Infinity", text))
    except RecursionError:
        raise EditError(f"{name}: nested too deeply to be an edit") from None
    except ValueError as error:
        raise EditError(f"{name}: not an OpenTimelineIO file: {error}") from None
    start_s = _ZERO
    if _kind(found) == "SerializableCollection":
        inside = [each for each in _list(found, "children") if _kind(each) == "Timeline"]
        found = inside[0] if len(inside) == 1 else found
    if _kind(found) == "Timeline":
        start = found.get("global_start_time")
        found = found.get("tracks")
        if start is not None:
            fps, start_s = fps or _rate(start, name), _seconds(start, name)
    if _kind(found) != "Stack":
        raise EditError(f"{name}: holds no timeline; export the timeline itself")
    fps = fps or _commonest(found, name) or findings.film.fps
    reader = _Reader(name, findings, fps)
    if found.get("source_range"):
        item = _item(reader, found, _ZERO, name, 0)
        return Edit(Stack(((item,),) if item else ()), fps, start_s)
    return Edit(_stack(reader, found, name, 0), fps, start_s)


def _kind(value: Any) -> str:
    """Schema of an object without its version; "" if it is none."""
    schema = value.get("OTIO_SCHEMA") if isinstance(value, dict) else None
    name = schema.partition(".")[0] if isinstance(schema, str) else ""
    return _OLD.get(name, name)


def _list(value: Object, key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _commonest(stack: Object, name: str) -> Fraction | None:
    """Rate in which most clips are measured, if it is one of pictures."""
    clips = (c for track in _video(stack) for c in _list(track, "children") if _kind(c) == "Clip")
    rates = Counter(
        _rate(c["source_range"].get("duration"), name)
        for c in clips if isinstance(c.get("source_range"), dict)
    )  # fmt: skip
    rate = rates.most_common(1)[0][0] if rates else _ZERO
    return rate if 0 < rate <= 240 else None


def _video(stack: Object) -> Iterator[Object]:
    """Tracks with pictures, the lowest first."""
    for child in _list(stack, "children"):
        kind = child.get("kind") if _kind(child) == "Track" else ""
        if _kind(child) and kind != "Audio" and child.get("enabled", True) is not False:
            yield child


def _stack(reader: _Reader, stack: Object, place: str, depth: int) -> Stack:
    tracks = []
    for number, child in enumerate(_video(stack), 1):
        where = f"{place}: track {number}"
        if _kind(child) == "Track" and not _is_trimmed(reader, child, where, depth):
            tracks.append(_track(reader, child, where, depth))
            _note_effects(reader, child)
        else:
            item = _item(reader, child, _ZERO, where, depth)
            tracks.append(() if item is None else (item,))
    return Stack(tuple(tracks))


def _is_trimmed(reader: _Reader, track: Object, place: str, depth: int) -> bool:
    """Whether a track shows a part of itself; some old programs wrote ranges far beside it."""
    if not track.get("source_range"):
        return False
    begin_s, length_s = _range(track, place, depth)
    whole_s = _range({**track, "source_range": None}, place, depth)[1]
    if begin_s < whole_s and begin_s + length_s > 0:
        return begin_s != 0 or length_s < whole_s
    if whole_s:
        reader.findings.note(f"{place}: its range shows none of its clips; it is read whole")
    return False


def _track(reader: _Reader, track: Object, place: str, depth: int) -> tuple[Item, ...]:
    """Items of a track; a dissolve lets both its neighbours last longer."""
    items: list[Item | None] = []
    at, fade_in = _ZERO, _ZERO
    for number, child in enumerate(_list(track, "children"), 1):
        name = child.get("name", "") if isinstance(child, dict) else ""
        where = f"{place}, clip {number} '{name!s:.40}'"
        if _kind(child) == "Transition":
            fade_in = _seconds(child.get("in_offset"), where)
            if "dissolve" not in str(child.get("transition_type", "")).casefold():
                reader.findings.wipe(where)
            if items and items[-1] is not None:
                lasting_s = _seconds(child.get("out_offset"), where)
                items[-1] = replace(items[-1], end_s=at + lasting_s)
            continue
        item = _item(reader, child, at, where, depth)
        if item is not None and fade_in:
            start_s = item.start_s - fade_in
            item = replace(item, start_s=start_s, into_s=item.into_s - fade_in * item.speed)
        items.append(item)
        at += _range(child, where, depth)[1]
        fade_in = _ZERO
    return ordered([item for item in items if item is not None], place)


def _range(child: Any, place: str, depth: int) -> tuple[Fraction, Fraction]:
    """Begin and length of what a clip, gap or nested timeline shows of itself."""
    if depth > _DEEPEST:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines; flatten it")
    told = child.get("source_range") if isinstance(child, dict) else None
    if told is None and _kind(child) == "Clip":
        told = _media(child).get("available_range")
    if isinstance(told, dict):
        begin_s, length_s = (_seconds(told.get(k), place) for k in ("start_time", "duration"))
        if length_s < 0:
            raise EditError(f"{place}: ends before it begins")
        return begin_s, length_s
    if _kind(child) not in ("Track", "Stack"):
        raise EditError(f"{place}: has no length")
    parts = [each for each in _list(child, "children") if _kind(each) != "Transition"]
    lengths = [_range(each, place, depth + 1)[1] for each in parts]
    return _ZERO, max(lengths, default=_ZERO) if _kind(child) == "Stack" else sum(lengths, _ZERO)


def _media(clip: Object) -> Object:
    """Media that a clip shows, of several the active ones."""
    several = clip.get("media_references")
    key = clip.get("active_media_reference_key", "DEFAULT_MEDIA")
    found = several.get(str(key)) if isinstance(several, dict) else clip.get("media_reference")
    return found if isinstance(found, dict) else {}


def _item(reader: _Reader, child: Any, at: Fraction, place: str, depth: int) -> Item | None:
    """What a clip, a gap or a nested timeline shows; nothing if it is switched off."""
    kind = _kind(child)
    reader.count += 1
    if depth > _DEEPEST or reader.count > MOST_ITEMS:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines, or too often")
    if kind == "Gap" or (kind and child.get("enabled", True) is False):
        return None
    if kind not in ("Clip", "Stack", "Track"):
        raise EditError(
            f"{place}: a {kind or 'thing without schema':.40} cannot be followed; remove it"
        )
    start_s, length_s = _range(child, place, depth)
    inside, is_black = None, False
    if kind == "Clip":
        is_black = _is_black(child)
        if not is_black and not _is_proxy(reader.findings, child, place):
            return None
        there = _media(child).get("available_range")
        start_s -= _seconds(there.get("start_time"), place) if isinstance(there, dict) else 0
    elif kind == "Stack":
        inside = _stack(reader, child, place, depth + 1)
    else:
        inside = Stack((_track(reader, child, place, depth + 1),))
    _note_effects(reader, child)
    speed = _speed(child, place)
    if speed < 0:
        if inside is not None:
            raise EditError(f"{place}: a nested timeline runs backwards; reverse the clips inside")
        start_s -= speed * (length_s - 1 / reader.fps)
    return Item(at, at + length_s, start_s, speed, place, inside, is_black)


def _is_black(clip: Object) -> bool:
    made = str(_media(clip).get("generator_kind", "")).casefold()
    return "black" in made or made == "slug"


def _is_proxy(findings: Findings, clip: Object, place: str) -> bool:
    """Whether a clip shows the proxy; what is drawn by the editor, or misses its media, is told."""
    media, name = _media(clip), str(clip.get("name") or "")
    kind = _kind(media)
    if kind == "GeneratorReference":
        findings.title(f"drawn by the editor ({media.get('generator_kind')!s:.40})", place)
        return False
    url = media.get("target_url") or media.get("target_url_base") or media.get("name")
    is_file = bool(url) or bool(PurePath(name).suffix)
    if kind in ("MissingReference", "") and not is_file and not findings.film.is_one_of([name]):
        what = f"{name[:80]!r} " if name else ""
        findings.title(f"{what}without media (a title or an adjustment layer?)", place)
        return False
    return findings.is_proxy([str(url or ""), name], place)


def _speed(child: Object, place: str) -> Fraction:
    speed = _ONE
    for effect in _list(child, "effects"):
        kind = _kind(effect)
        if kind in ("LinearTimeWarp", "FreezeFrame"):
            scale = 0 if kind == "FreezeFrame" else effect.get("time_scalar")
            speed *= _number(scale, place)
        elif "Time" in kind and effect.get("enabled", True) is not False:
            raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
    return speed


def _note_effects(reader: _Reader, child: Object) -> None:
    for effect in _list(child, "effects"):
        if _kind(effect) not in _SPEEDS and effect.get("enabled", True) is not False:
            told = effect if isinstance(effect, dict) else {}
            reader.findings.effect(str(told.get("effect_name") or told.get("name") or "Effect"))


def _seconds(time: Any, place: str) -> Fraction:
    if not isinstance(time, dict):
        raise EditError(f"{place}: {time!s:.40} is no time")
    value = _number(time.get("value"), place)
    return value / _rate(time, place) if value else value  # some write 0 at the rate 0


def _number(value: Any, place: str) -> Fraction:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -1e12 < value < 1e12 or not math.isfinite(value):
        raise EditError(f"{place}: {value!s:.40} is no time that a film has")
    return Fraction(value).limit_denominator(1_000_000)


def _rate(time: Any, place: str) -> Fraction:
    """Exact rate of what is written as a float: 29.97 means 30000/1001."""
    rate = time.get("rate") if isinstance(time, dict) else None
    exact = _number(rate, place)
    try:
        return parse_rate(rate if rate is not None else "")
    except ValueError:
        pass
    if exact <= 0:
        raise EditError(f"{place}: {rate!s:.40} is no frame rate")
    return exact
