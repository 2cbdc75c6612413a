"""Edits as Final Cut Pro writes them: FCPXML.

Every clip has a time of its own, which begins at its ``start``; what is inside it or connected to
it says its ``offset`` in that time. Two clips that dissolve abut, and reach into the transition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from engine.documents.edit.findings import Findings
from engine.documents.edit.timeline import (
    MOST_ITEMS,
    Edit,
    EditError,
    Item,
    Stack,
    layered,
    ordered,
)

_DEEPEST = 16
_CLIPS = ("asset-clip", "clip", "video", "ref-clip", "sync-clip", "mc-clip", "title", "gap",
          "audition", "spine")  # fmt: skip
_ZERO, _ONE = Fraction(0), Fraction(1)
Connected = list[tuple[int, Item]]
"""Items beside the storyline, with their lanes: above it 1, 2 …, below it -1, -2 …."""


@dataclass(slots=True)
class _Reader:
    name: str
    findings: Findings
    fps: Fraction
    resources: dict[str, Element]
    count: int = 0


def read(root: Element, findings: Findings, fps: Fraction | None) -> Edit:
    """Read the one project of an FCPXML document.

    Raises
    ------
    EditError
        If there is none or several, or it says what a trajectory cannot follow.
    """
    name = findings.name
    projects = [p for p in root.iter("project") if p.find("sequence") is not None]
    if len(projects) != 1:
        names = ", ".join(f"'{each.get('name', '')[:40]}'" for each in projects[:8])
        what = f"several projects ({names})" if projects else "no project"
        raise EditError(f"{name}: holds {what}; export the one that was cut, alone")
    resources = {each.get("id", ""): each for each in root.findall("resources/*")}
    resources |= {each.get("id", ""): each for each in projects[0].findall("resources/*")}
    sequence = projects[0].findall("sequence")[0]
    format_ = resources.get(sequence.get("format", ""))
    frame_s = _ZERO if format_ is None else _seconds(format_, "frameDuration", _ZERO, name)
    own = 1 / frame_s if frame_s > 0 else findings.film.fps
    reader = _Reader(name, findings, own, resources)
    start_s = _seconds(sequence, "tcStart", _ZERO, name)
    stack = _sequence(reader, sequence, f"{name}: timeline", 0)
    is_drop = sequence.get("tcFormat") == "DF"
    return Edit(stack, fps or own, begin_s=start_s, is_drop=is_drop)


def _sequence(reader: _Reader, sequence: Element, place: str, depth: int) -> Stack:
    spine = sequence.find("spine")
    start_s = _seconds(sequence, "tcStart", _ZERO, place)
    return Stack(()) if spine is None else _storyline(reader, spine, start_s, place, depth)


def _storyline(reader: _Reader, spine: Element, start_s: Fraction, place: str, depth: int) -> Stack:
    """Clips that follow each other, with what is connected to them."""
    items: list[Item] = []
    connected: Connected = []
    at, fade_s = start_s, None
    for number, child in enumerate(spine, 1):
        where = f"{place}, clip {number} '{child.get('name', '')[:40]}'"
        if child.tag == "transition":
            fade_s = _transition(reader, child, at, where)
            if items and items[-1].end_s == at:
                items[-1] = replace(items[-1], end_s=fade_s[1])
        if child.tag not in _CLIPS:
            continue
        at = _seconds(child, "offset", at, where)
        item, beside, length_s = _clip(reader, child, at, where, depth)
        if item is not None and fade_s is not None:
            early_s = at - fade_s[0]
            item = replace(item, start_s=fade_s[0], into_s=item.into_s - early_s * item.speed)
        items += [item] if item is not None else []
        connected += beside
        at, fade_s = at + length_s, None
    return _assembled(ordered(items, place), connected)


def _transition(
    reader: _Reader, transition: Element, at: Fraction, place: str
) -> tuple[Fraction, Fraction]:
    """Begin and end of a dissolve."""
    kind = transition.get("name", "").casefold()
    if kind and not any(word in kind for word in ("dissolve", "fade", "flow")):
        reader.findings.wipe(place)
    start_s = _seconds(transition, "offset", at, place)
    return start_s, start_s + _seconds(transition, "duration", _ZERO, place)


def _assembled(items: tuple[Item, ...], connected: Connected) -> Stack:
    """Lanes of a storyline as tracks, the lowest first."""
    lanes = sorted({lane for lane, _ in connected} | {0})
    tracks: list[tuple[Item, ...]] = []
    for lane in lanes:
        tracks += [items] if lane == 0 else []
        tracks += layered(item for its, item in connected if its == lane)
    return Stack(tuple(tracks))


def _clip(
    reader: _Reader, clip: Element, at: Fraction, place: str, depth: int
) -> tuple[Item | None, Connected, Fraction]:
    """What a clip shows, what is connected to it, and how long it lasts."""
    reader.count += 1
    if depth > _DEEPEST or reader.count > MOST_ITEMS:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} clips, or too often")
    if clip.tag == "audition":  # the first of its clips is the chosen one
        chosen = next((each for each in clip if each.tag in _CLIPS), None)
        if chosen is None:
            return None, [], _ZERO
        return _clip(reader, chosen, at, place, depth + 1)
    resource = reader.resources.get(clip.get("ref", ""))
    inner = None
    if clip.tag == "spine":
        inner = _storyline(reader, clip, _ZERO, place, depth + 1)
    begin_s = _seconds(clip, "start", _begin(resource, place), place)
    length_s = _seconds(clip, "duration", inner.end_s if inner else _length(resource, place), place)
    item = None
    if inner is not None:
        item = Item(at, at + length_s, _ZERO, _ONE, place, inner)
    elif clip.get("enabled", "1") != "0" and clip.get("srcEnable", "all") != "audio":
        item = _content(
            reader, clip, resource, Item(at, at + length_s, begin_s, _ONE, place), depth
        )
    connected: Connected = []
    for child in clip if clip.tag != "spine" else ():
        if child.tag in _CLIPS and "lane" in child.attrib:
            then = at + _seconds(child, "offset", begin_s, place) - begin_s
            where = f"{place} › '{child.get('name', '')[:40]}'"
            own, beside, _ = _clip(reader, child, then, where, depth + 1)
            lane = _lane(child, place)
            connected += [(lane, own)] if own is not None else []
            connected += [(lane + its, each) for its, each in beside]
    return item, connected, length_s


def _content(
    reader: _Reader, clip: Element, resource: Element | None, item: Item, depth: int
) -> Item | None:
    """What a clip shows of itself; its place counts in its own time so far."""
    place, kind = item.place, resource.tag if resource is not None else ""
    if clip.tag == "gap":
        return None
    if clip.tag == "mc-clip":
        raise EditError(f"{place}: a multicam clip is not read; flatten it")
    if clip.tag == "title" or kind == "effect":
        reader.findings.title("a title or generator", place)
        return None
    _note_effects(reader, clip)
    if clip.tag in ("asset-clip", "video"):
        if resource is None or resource.get("hasVideo", "1") == "0" or not _is_picture(resource):
            return None
        seen = [
            resource.get("src", ""),
            *(rep.get("src", "") for rep in resource.findall("media-rep")),
        ]
        seen.append(resource.get("name", ""))
        if not reader.findings.is_proxy(seen, place):
            return None
        base_s, inside = _begin(resource, place), None
    elif clip.tag == "ref-clip":
        sequence = None if resource is None else resource.find("sequence")
        if sequence is None:
            raise EditError(f"{place}: its compound clip is not in the file, or is multicam")
        base_s, inside = _ZERO, _sequence(reader, sequence, place, depth + 1)
    else:
        base_s, inside = _ZERO, _inside(reader, clip, place, depth)
    into_s, speed = _retimed(reader, clip, item.into_s, base_s, place)
    if inside is not None and speed < 0:
        raise EditError(f"{place}: a nested clip runs backwards; reverse the clips inside")
    return replace(item, into_s=into_s, speed=speed, inside=inside)


def _is_picture(asset: Element) -> bool:
    """Whether an asset has a picture; those of some programs say neither."""
    return asset.get("hasVideo") == "1" or asset.get("hasAudio") != "1"


def _inside(reader: _Reader, clip: Element, place: str, depth: int) -> Stack:
    """What lies in a clip, at the times of that."""
    items: list[Item] = []
    connected: Connected = []
    for child in clip:
        if child.tag in _CLIPS and "lane" not in child.attrib:
            at = _seconds(child, "offset", _ZERO, place)
            where = f"{place} › '{child.get('name', '')[:40]}'"
            item, beside, _ = _clip(reader, child, at, where, depth + 1)
            items += [item] if item is not None else []
            connected += beside
    return _assembled(ordered(items, place), connected)


def _retimed(
    reader: _Reader, clip: Element, start_s: Fraction, base_s: Fraction, place: str
) -> tuple[Fraction, Fraction]:
    """First moment in what a clip shows, and speed: by its map of time, if it has one."""
    conformed = clip.find("conform-rate")
    ratio = _ONE
    if conformed is not None and conformed.get("scaleEnabled", "1") != "0":
        ratio = reader.fps / reader.findings.film.fps  # each frame of the media is one of the edit
    times = clip.find("timeMap")
    if times is None:
        return (start_s - base_s) * ratio, ratio
    points = [(_seconds(p, "time", _ZERO, place), _seconds(p, "value", _ZERO, place))
              for p in times.findall("timept")]  # fmt: skip
    if len(points) < 2 or points[0][0] == points[-1][0]:
        raise EditError(f"{place}: a map of time without two times cannot be followed")
    (t0, v0), (t1, v1) = points[0], points[-1]
    speed = (v1 - v0) / (t1 - t0)
    if any(abs(v0 + (t - t0) * speed - v) > 1 / (2 * reader.fps) for t, v in points):
        raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
    base_s = base_s if min(v0, v1) >= base_s else _ZERO
    first_s = v0 + (start_s - t0) * speed - base_s
    if speed < 0:  # the frame before the moment is the first that is seen
        first_s -= 1 / reader.findings.film.fps
    return first_s * ratio, speed * ratio


def _note_effects(reader: _Reader, clip: Element) -> None:
    for child in clip:
        if child.tag == "filter-video" and child.get("enabled", "1") != "0":
            reader.findings.effect(child.get("name", "filter"))
        elif child.tag in ("adjust-crop", "adjust-transform", "adjust-corners", "adjust-blend"):
            reader.findings.effect(child.tag.removeprefix("adjust-"))


def _begin(resource: Element | None, place: str) -> Fraction:
    """Where the time of an asset or compound clip begins."""
    if resource is None:
        return _ZERO
    sequence = resource.find("sequence")
    if sequence is not None:
        return _seconds(sequence, "tcStart", _ZERO, place)
    return _seconds(resource, "start", _ZERO, place)


def _length(resource: Element | None, place: str) -> Fraction:
    if resource is None:
        return _ZERO
    sequence = resource.find("sequence")
    return _seconds(resource if sequence is None else sequence, "duration", _ZERO, place)


def _lane(clip: Element, place: str) -> int:
    text = clip.get("lane", "")
    if not re.fullmatch(r"-?\d{1,4}", text):
        raise EditError(f"{place}: '{text:.20}' is no lane")
    return int(text)


def _seconds(element: Element, key: str, default: Fraction, place: str) -> Fraction:
    """Time as ``5s`` or ``1001/30000s``."""
    text = element.get(key)
    if text is None:
        return default
    found = re.fullmatch(r"(-?\d{1,18}(?:\.\d{1,9})?)(?:/([1-9]\d{0,17}))?s", text.strip())
    if found is None:
        raise EditError(f"{place}: {key} '{text:.40}' is no time")
    return Fraction(found[1]) / int(found[2] or 1)
