"""Edits as OpenTimelineIO writes them: cuts, gaps, dissolves, linear speed, nesting.

Times are read as the OpenTimelineIO documents have it: a time effect does not change a clip's
duration; a negative one shows the clip's range of media from its end. No plug-in is ever loaded.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from engine.core.clock import parse_rate
from engine.documents.edit.timeline import EditError, Film, Item, Stack, ordered

_DEEPEST_JSON, _DEEPEST = 200, 16
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    film: Film
    fps: Fraction


def read(text: str, name: str, film: Film, fps: Fraction | None) -> tuple[Stack, Fraction]:
    """Read an ``.otio`` text; return its video tracks and its frame rate.

    Raises
    ------
    EditError
        If it is none, or says what a trajectory cannot follow.
    """
    _check_depth(text, name)
    try:
        found: Any = otio.core.deserialize_json_from_string(text)
    except Exception as error:  # noqa: BLE001 - its C++ raises several kinds
        raise EditError(f"{name}: not an OpenTimelineIO file: {error}") from None
    if isinstance(found, otio.schema.Timeline):
        start = found.global_start_time
        found = found.tracks
        fps = fps or (_rate(start.rate, name) if start is not None else None)
    if not isinstance(found, otio.schema.Stack):
        raise EditError(f"{name}: holds no timeline; export the timeline itself")
    fps = fps or _commonest(found, name) or film.fps
    stack = _stack(_Reader(name, film, fps), found, name, 0)
    return stack, fps


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > _DEEPEST_JSON:
            raise EditError(f"{name}: nested too deeply to be an edit")


def _commonest(stack: Any, name: str) -> Fraction | None:
    """Rate in which most clips are measured, if it is one of pictures."""
    clips = [c for track in _video(stack) for c in track if isinstance(c, otio.schema.Clip)]
    rates = Counter(c.source_range.duration.rate for c in clips if c.source_range is not None)
    rate = _rate(rates.most_common(1)[0][0], name) if rates else Fraction(0)
    return rate if 0 < rate <= 240 else None


def _video(stack: Any) -> Iterator[Any]:
    """Tracks with pictures, the lowest first."""
    for child in stack:
        kind = child.kind if isinstance(child, otio.schema.Track) else ""
        if kind != otio.schema.TrackKind.Audio and getattr(child, "enabled", True):
            yield child


def _stack(reader: _Reader, stack: Any, place: str, depth: int) -> Stack:
    if depth > _DEEPEST:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines; flatten it")
    tracks = []
    for number, child in enumerate(_video(stack), 1):
        where = f"{place}: track {number}"
        if isinstance(child, otio.schema.Track):
            tracks.append(_track(reader, child, where, depth))
        else:
            item = _item(reader, child, Fraction(0), where, depth)
            tracks.append(() if item is None else (item,))
    return Stack(tuple(tracks))


def _track(reader: _Reader, track: Any, place: str, depth: int) -> tuple[Item, ...]:
    """Items of a track; a dissolve lets both its neighbours last longer."""
    items: list[Item | None] = []
    at, fade_in = Fraction(0), Fraction(0)
    for number, child in enumerate(track, 1):
        where = f"{place}, clip {number} '{child.name:.40}'"
        if isinstance(child, otio.schema.Transition):
            fade_in = _seconds(child.in_offset, where)
            if items and items[-1] is not None:
                items[-1] = replace(items[-1], end_s=at + _seconds(child.out_offset, where))
            continue
        item = _item(reader, child, at, where, depth)
        if item is not None and fade_in:
            start_s = item.start_s - fade_in
            item = replace(item, start_s=start_s, into_s=item.into_s - fade_in * item.speed)
        items.append(item)
        at += _length(child, where)
        fade_in = Fraction(0)
    return ordered([item for item in items if item is not None], place)


def _length(child: Any, place: str) -> Fraction:
    return _seconds(_range(child, place).duration, place)


def _range(child: Any, place: str) -> Any:
    try:
        return child.trimmed_range()
    except Exception as error:  # noqa: BLE001 - its C++ raises several kinds
        raise EditError(f"{place}: has no length: {error}") from None


def _item(reader: _Reader, child: Any, at: Fraction, place: str, depth: int) -> Item | None:
    """What a clip, a gap or a nested timeline shows; nothing if it is switched off."""
    if isinstance(child, otio.schema.Gap) or not getattr(child, "enabled", True):
        return None
    span = _range(child, place)
    start_s, length_s = _seconds(span.start_time, place), _seconds(span.duration, place)
    inside = None
    if isinstance(child, otio.schema.Clip):
        if not _is_film(reader.film, child, place):
            return None
        there = child.media_reference.available_range if child.media_reference else None
        start_s -= _seconds(there.start_time, place) if there is not None else 0
    elif isinstance(child, otio.schema.Stack):
        inside = _stack(reader, child, place, depth + 1)
    elif isinstance(child, otio.schema.Track):
        if depth > _DEEPEST:
            raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines; flatten it")
        inside = Stack((_track(reader, child, place, depth + 1),))
    else:
        raise EditError(f"{place}: a {type(child).__name__} cannot be followed; remove it")
    speed = _speed(child, place)
    if speed < 0:
        if inside is not None:
            raise EditError(f"{place}: a nested timeline runs backwards; reverse the clips inside")
        start_s -= speed * (length_s - 1 / reader.fps)
    return Item(at, at + length_s, start_s, speed, place, inside)


def _is_film(film: Film, clip: Any, place: str) -> bool:
    """Whether a clip shows the proxy; black is a gap, and anything else an error."""
    media = clip.media_reference
    made = media.generator_kind if isinstance(media, otio.schema.GeneratorReference) else ""
    if "black" in made.lower():
        return False
    film.check([getattr(media, "target_url", "") or getattr(media, "name", ""), clip.name], place)
    return True


def _speed(child: Any, place: str) -> Fraction:
    speed = Fraction(1)
    for effect in child.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= _number(effect.time_scalar, place)
        elif isinstance(effect, otio.schema.TimeEffect):
            raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
    return speed


def _seconds(time: Any, place: str) -> Fraction:
    return _number(time.value, place) / _rate(time.rate, place)


def _number(value: float, place: str) -> Fraction:
    if not math.isfinite(value) or abs(value) > 1e12:
        raise EditError(f"{place}: {value} is no time that a film has")
    return Fraction(value).limit_denominator(1_000_000)


def _rate(rate: float, place: str) -> Fraction:
    """Exact rate of what is written as a float: 29.97 means 30000/1001."""
    try:
        return parse_rate(rate)
    except ValueError:
        exact = _number(rate, place)
    if exact <= 0:
        raise EditError(f"{place}: {rate} is no frame rate")
    return exact
