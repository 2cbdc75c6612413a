"""Edits as Kdenlive, Shotcut and melt write them: MLT's playlists, tractors, time warps.

What a clip shows is what melt draws: an entry's ``in`` counts from the ``in`` of its producer, and
that of a tractor has no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from engine.documents.edit.findings import Findings
from engine.documents.edit.formats.mlt_clip import (
    NUMBER,
    PRODUCERS,
    Project,
    backwards,
    bounds,
    kind_of,
    note_effects,
    properties,
    seconds_at,
    span,
    speed_of,
)
from engine.documents.edit.timeline import (
    MOST_ITEMS,
    Edit,
    EditError,
    Fade,
    Item,
    Stack,
    ordered,
)

_DEEPEST = 16
_FADES = ("luma", "dissolve", "wipe", "slide")
_TRACK_OF_TWO = {"kdenlive:timeline_active", "kdenlive:trackheight", "kdenlive:audio_track",
                 "kdenlive:collapsed"}  # fmt: skip


def read(root: Element, findings: Findings, fps: Fraction | None) -> Edit:
    """Read a Kdenlive project or MLT file; its rate is that of its profile.

    Raises
    ------
    EditError
        If it is none, is hostile, or says what a trajectory cannot follow.
    """
    name, profile = findings.name, root.find("profile")
    if root.tag != "mlt" or profile is None:
        raise EditError(f"{name}: no Kdenlive project or MLT file")
    rate = [profile.get(f"frame_rate_{part}", "") for part in ("num", "den")]
    if not all(re.fullmatch(r"[1-9]\d{0,8}", part) for part in rate):
        raise EditError(f"{name}: its profile has no frame rate")
    own = Fraction(int(rate[0]), int(rate[1]))
    elements = {each.get("id", ""): each for each in root.iter() if each.tag in PRODUCERS}
    named = elements.get(root.get("producer", ""))
    tractors = [each for each in root if each.tag == "tractor"]
    shown = tractors[-1] if tractors else named
    if named is not None and named.tag == "tractor":
        shown = named
    if shown is None or shown.tag not in ("tractor", "playlist"):
        raise EditError(f"{name}: holds no timeline")
    project = Project(name, findings, own, elements)
    place = f"{name}: timeline"
    if shown.tag != "tractor":
        return Edit(Stack((ordered(_playlist(project, shown, place), place),)), fps or own)
    return Edit(_stack(project, shown, place), fps or own)


def _stack(project: Project, tractor: Element, place: str) -> Stack:
    """Tracks of a tractor; its two playlists are one track where the editor dissolves in it."""
    tracks: list[tuple[Item, ...]] = []
    numbers: dict[int, int] = {}
    for number, track in enumerate(
        [*tractor.findall("track"), *tractor.findall("multitrack/track")]
    ):
        if track.get("hide") in ("video", "both"):
            continue
        numbers[number] = len(tracks)
        tracks.append(_track(project, track, f"{place}, track {number}"))
    note_effects(project, tractor)
    mixes = []
    for transition in tractor.findall("transition"):
        fields = properties(transition)
        service = fields.get("mlt_service", "")
        if _is_fade(fields):
            mixes.append((transition, fields))
            if fields.get("resource") or service not in ("luma", "dissolve", "mix"):
                project.findings.wipe(f"{place}, transition at {transition.get('in', '0')}")
        elif service != "mix" and not fields.get("internal_added") and not _is_always(fields):
            project.findings.effect(service)
    if _TRACK_OF_TWO & properties(tractor).keys() or any("kdenlive:mixcut" in t for _, t in mixes):
        return Stack((ordered([item for items in tracks for item in items], place),))
    found = []
    for transition, fields in mixes:
        pair = [numbers.get(_whole(fields.get(k, "")), -1) for k in ("a_track", "b_track")]
        if min(pair) >= 0 and pair[0] != pair[1]:
            start_s, end_s = _lasting(project, transition, tractor, place)
            found.append(Fade(min(pair), max(pair), start_s, end_s))
    return Stack(tuple(tracks), tuple(found))


def _lasting(
    project: Project, transition: Element, tractor: Element, place: str
) -> tuple[Fraction, Fraction]:
    """Begin and end of a transition; one that says no end lasts as long as what it is in."""
    if transition.get("out"):
        return span(project, transition, place)
    start_s = seconds_at(project, transition.get("in", "0"), place)
    return start_s, max(span(project, tractor, place)[1], start_s) if tractor.get(
        "out"
    ) else start_s


def _is_fade(fields: dict[str, str]) -> bool:
    """Whether a transition lets one picture go over into another; a mere ``mix`` is of sound."""
    service = fields.get("mlt_service", "")
    return "kdenlive:mixcut" in fields or (service in _FADES and not _is_always(fields))


def _is_always(fields: dict[str, str]) -> bool:
    return fields.get("always_active", "0") not in ("", "0")


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else -1


def _track(project: Project, track: Element, place: str) -> tuple[Item, ...]:
    """Items of one track: a playlist's, or one item that is all of something else."""
    element = project.producer_of(track)
    if element is None:
        return ()
    if element.tag == "playlist":
        note_effects(project, element)
        return ordered(_playlist(project, element, place), place)
    item = _entry(project, track, Fraction(0), place)
    return () if item is None else (item,)


def _playlist(project: Project, playlist: Element, place: str) -> Iterator[Item]:
    at = Fraction(0)
    for number, child in enumerate(playlist, 1):
        where = f"{place}, item {number}"
        if child.tag == "blank":
            at += seconds_at(project, child.get("length", ""), where)
        elif child.tag == "entry":
            item = _entry(project, child, at, where)
            if item is not None:
                yield item
            element = project.producer_of(child)
            if item is not None and item.inside is not None and not child.get("out"):
                at = item.end_s
            elif element is not None:
                start_s, end_s = bounds(project, child, element, where)
                at += end_s - start_s


def _entry(project: Project, entry: Element, at: Fraction, place: str) -> Item | None:
    """What an entry shows; nothing if it is clear, a sound, or left out."""
    element = project.producer_of(entry)
    name = entry.get("producer", "") if element is None else element.get("id", "")
    project.count += 1
    if element is None or project.count > MOST_ITEMS or name in project.open:
        raise EditError(f"{place}: '{name:.40}' is not in the project, or in itself, or too often")
    if element.tag in ("tractor", "playlist"):
        return _nested(project, entry, element, at, place)
    fields = properties(element)
    kind = kind_of(fields)
    if kind and kind != "black":
        if kind != "nothing":
            project.findings.title(kind, place)
        return None
    start_s, end_s = bounds(project, entry, element, place)
    if kind == "black":
        return Item(at, at + end_s - start_s, Fraction(0), Fraction(1), place, is_black=True)
    seen = [fields.get(k, "") for k in ("warp_resource", "kdenlive:originalurl", "shotcut:resource",
                                      "resource")]  # fmt: skip
    names = [re.sub(rf"^{NUMBER}:|\?{NUMBER}$", "", each) for each in seen if each != "-"]
    if not project.findings.is_proxy(names, place):
        return None
    for each in (entry, element):
        note_effects(project, each, place)
    # An entry's place counts from that of its producer.
    first_s = seconds_at(project, element.get("in", "0"), place) + start_s
    speed = speed_of(element, fields, place)
    if speed < 0:
        return backwards(project, element, Item(at, at + end_s - start_s, first_s, speed, place))
    return Item(at, at + end_s - start_s, first_s * speed, speed, place)


def _nested(
    project: Project, entry: Element, element: Element, at: Fraction, place: str
) -> Item | None:
    """A timeline or playlist in a timeline; an entry's place counts from that of a playlist."""
    if len(project.open) >= _DEEPEST:
        raise EditError(f"{place}: nested deeper than {_DEEPEST} timelines; flatten it")
    project.open.append(element.get("id", ""))
    into_s = Fraction(0)
    if element.tag == "tractor":
        inside = _stack(project, element, place)
    else:
        inside = Stack((ordered(_playlist(project, element, place), place),))
        into_s = seconds_at(project, element.get("in", "0"), place)
    project.open.pop()
    start_s, end_s = Fraction(0), inside.end_s - into_s
    if entry.get("out"):
        start_s, end_s = span(project, entry, place)
    return Item(at, at + end_s - start_s, into_s + start_s, Fraction(1), place, inside)
