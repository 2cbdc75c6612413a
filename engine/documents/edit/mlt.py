"""Edits as Kdenlive and other editors on MLT write them: playlists, tractors, time warps.

The project's last tractor is the timeline. Nothing in it is trusted: it is read within bounds, and
a document that declares entities is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from engine.documents.edit.timeline import EditError, Fade, Film, Item, Stack, ordered

_DEEPEST_XML, _MOST_ELEMENTS, _DEEPEST, _MOST_ITEMS = 64, 500_000, 16, 20_000
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(?:(\d{1,2}):)?(\d{1,9})([.,;:]\d{1,6})?")
_FADES = ("luma", "dissolve")


@dataclass(slots=True)
class _Project:
    name: str
    film: Film
    fps: Fraction
    elements: dict[str, Element]
    count: int = 0
    open: list[str] = field(default_factory=list)


def read(text: str, name: str, film: Film, fps: Fraction | None) -> tuple[Stack, Fraction]:
    """Read a Kdenlive project or MLT file; return its timeline and the rate of its profile.

    Raises
    ------
    EditError
        If it is none, is hostile, or says what a trajectory cannot follow.
    """
    root = _parse(text, name)
    profile = root.find("profile")
    if root.tag != "mlt" or profile is None:
        raise EditError(f"{name}: no Kdenlive project or MLT file")
    rate = [profile.get(f"frame_rate_{part}", "") for part in ("num", "den")]
    if not all(re.fullmatch(r"[1-9]\d{0,8}", part) for part in rate):
        raise EditError(f"{name}: its profile has no frame rate")
    own = Fraction(int(rate[0]), int(rate[1]))
    elements = {each.get("id", ""): each for each in root}
    tractors = [each for each in root if each.tag == "tractor"]
    if not tractors:
        raise EditError(f"{name}: holds no timeline")
    project = _Project(name, film, own, elements)
    return _stack(project, tractors[-1], f"{name}: timeline"), fps or own


def _parse(text: str, name: str) -> Element:
    """Read XML without entities, within bounds."""
    parser, builder = expat.ParserCreate(), TreeBuilder()
    depth = count = 0

    def refuse(*_: object) -> NoReturn:
        raise EditError(f"{name}: declares entities of XML; no editor does that, do not use it")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST_XML or count > _MOST_ELEMENTS:
            raise EditError(f"{name}: too deep or too large to be an edit")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
        return builder.close()
    except expat.ExpatError as error:
        raise EditError(f"{name}: not XML that can be read: {error}") from None


def _properties(element: Element) -> dict[str, str]:
    return {p.get("name", ""): p.text or "" for p in element.findall("property")}


def _stack(project: _Project, tractor: Element, place: str) -> Stack:
    """Tracks of a tractor; its two playlists are one track where the editor dissolves in it."""
    tracks: list[tuple[Item, ...]] = []
    own = _properties(tractor)
    numbers: dict[int, int] = {}
    for number, track in enumerate(tractor.findall("track")):
        if track.get("hide") in ("video", "both"):
            continue
        numbers[number] = len(tracks)
        tracks.append(_track(project, track, f"{place}, track {number}"))
    fades = [t for t in tractor.findall("transition") if _is_fade(_properties(t))]
    if "kdenlive:timeline_active" in own or any("kdenlive:mixcut" in _properties(t) for t in fades):
        return Stack((ordered([item for items in tracks for item in items], place),))
    found = []
    for transition in fades:
        told = _properties(transition)
        pair = [numbers.get(_whole(told.get(k, "")), -1) for k in ("a_track", "b_track")]
        if min(pair) >= 0 and pair[0] != pair[1]:
            times = [_span(project, transition, place)[i] for i in (0, 1)]
            found.append(Fade(min(pair), max(pair), times[0], times[1]))
    return Stack(tuple(tracks), tuple(found))


def _is_fade(told: dict[str, str]) -> bool:
    return told.get("mlt_service") in _FADES and told.get("always_active", "0") in ("", "0")


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else -1


def _track(project: _Project, track: Element, place: str) -> tuple[Item, ...]:
    """Items of one track: a playlist's, or one item that is all of something else."""
    element = project.elements.get(track.get("producer", ""))
    if element is None:
        return ()
    if element.tag == "playlist":
        return ordered(list(_playlist(project, element, place)), place)
    item = _entry(project, track, Fraction(0), place)
    return () if item is None else (item,)


def _playlist(project: _Project, playlist: Element, place: str) -> Iterator[Item]:
    at = Fraction(0)
    for number, child in enumerate(playlist, 1):
        where = f"{place}, item {number}"
        if child.tag == "blank":
            at += _seconds(project, child.get("length", ""), where)
        elif child.tag == "entry":
            start_s, end_s = _span(project, child, where)
            item = _entry(project, child, at, where)
            if item is not None:
                yield item
            at += end_s - start_s


def _entry(project: _Project, entry: Element, at: Fraction, place: str) -> Item | None:
    """What an entry shows; nothing if it is black or a sound."""
    name = entry.get("producer", "")
    element = project.elements.get(name)
    project.count += 1
    if element is None or project.count > _MOST_ITEMS or name in project.open:
        raise EditError(f"{place}: '{name:.40}' is not in the project, or in itself, or too often")
    told = _properties(element)
    if told.get("mlt_service", "") in ("color", "colour"):
        return None
    bounds = entry if entry.get("out") else element
    if not bounds.get("out") and element.tag != "tractor":
        return None
    if element.tag in ("tractor", "playlist"):
        return _nested(project, entry, element, at, place)
    start_s, end_s = _span(project, bounds, place)
    seen = [told.get(k, "") for k in ("warp_resource", "kdenlive:originalurl", "resource")]
    project.film.check([re.sub(r"^-?[\d.]+:", "", each) for each in seen], place)
    speed, into_s = _warp(project, element, told, start_s, place)
    return Item(at, at + end_s - start_s, into_s, speed, place)


def _nested(
    project: _Project, entry: Element, element: Element, at: Fraction, place: str
) -> Item | None:
    if len(project.open) >= _DEEPEST:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines; flatten it")
    project.open.append(entry.get("producer", ""))
    if element.tag == "tractor":
        inside = _stack(project, element, place)
    else:
        inside = Stack((ordered(list(_playlist(project, element, place)), place),))
    project.open.pop()
    if entry.get("out"):
        start_s, end_s = _span(project, entry, place)
    else:
        start_s, end_s = Fraction(0), inside.end_s
    return Item(at, at + end_s - start_s, start_s, Fraction(1), place, inside)


def _warp(
    project: _Project, element: Element, told: dict[str, str], start_s: Fraction, place: str
) -> tuple[Fraction, Fraction]:
    """Speed and first moment of a clip; a reversed one counts from the end of its warp."""
    if any(link.get("mlt_service") == "timeremap" for link in element.iter("link")) or any(
        _properties(link).get("mlt_service") == "timeremap" for link in element.iter("link")
    ):
        raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
    if told.get("mlt_service") != "timewarp":
        return Fraction(1), start_s
    text = told.get("warp_speed", "") or told.get("resource", "").split(":")[0]
    if not re.fullmatch(r"-?\d{1,6}(\.\d{1,9})?", text):
        raise EditError(f"{place}: '{text:.20}' is no speed")
    speed = Fraction(text)
    if speed >= 0:
        return speed, start_s * speed
    last_s = _seconds(project, element.get("out", ""), place)
    return speed, (last_s - start_s) * -speed


def _span(project: _Project, element: Element, place: str) -> tuple[Fraction, Fraction]:
    """Begin and end of an element whose ``out`` is its last frame."""
    start_s = _seconds(project, element.get("in", "0"), place)
    end_s = _seconds(project, element.get("out", ""), place) + 1 / project.fps
    if end_s < start_s:
        raise EditError(f"{place}: ends before it begins")
    return start_s, end_s


def _seconds(project: _Project, text: str, place: str) -> Fraction:
    """Time of a number of frames, of a clock (``00:00:01.960``) or of a timecode."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise EditError(f"{place}: '{text:.40}' is no time")
    first, second, last, rest = found.groups()
    if first is None and rest is None:
        return int(last) / project.fps
    hours, minutes = (first, second) if second is not None else ("0", first or "0")
    seconds = Fraction((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(last))
    if rest is None:
        return seconds
    if rest[0] in ".,":
        return round((seconds + Fraction(f"0.{rest[1:]}")) * project.fps) / project.fps
    return seconds + int(rest[1:]) / project.fps
