"""Clips as MLT writes them: their times, kinds, speeds and effects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from engine.documents.edit.findings import Findings
from engine.documents.edit.timeline import EditError, Item, Stack

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(?:(\d{1,2}):)?(\d{1,9})([.,;:]\d{1,9})?")
PRODUCERS = ("producer", "chain", "playlist", "tractor")
NUMBER = r"-?\d{1,6}(?:[.,]\d{1,20})?"
_DRAWN = re.compile(
    "kdenlivetitle|qtext|pango|qml|webvfx|glaxnimate|frei0r|noise|count|blipflash|timer|xml-title"
)
_BLACK = re.compile(r"(color:)?(black|0|(#|0x)(ff)?000000(ff)?|#000)")
_CLEAR = re.compile(r"(color:)?(transparent|(#|0x)0{8})")
_SOUNDS = re.compile(
    "volume|panner|audio|resample|channel|sox|ladspa|loudness|normali|avfilter\\.a"
)


@dataclass(slots=True)
class Project:
    """A project while it is read; `open` are the nested timelines around what is read now."""

    name: str
    findings: Findings
    fps: Fraction
    elements: dict[str, Element]
    count: int = 0
    open: list[str] = field(default_factory=list)

    def producer_of(self, entry: Element) -> Element | None:
        """What an entry or track shows: it names it, or holds it."""
        named = self.elements.get(entry.get("producer", ""))
        return named if named is not None else next((e for e in entry if e.tag in PRODUCERS), None)


def properties(element: Element) -> dict[str, str]:
    """Properties of an element by name."""
    return {p.get("name", ""): p.text or "" for p in element.findall("property")}


def kind_of(fields: dict[str, str]) -> str:
    """What a producer is, if it is no film: words for a message, ``black`` or ``nothing``."""
    service, resource = fields.get("mlt_service", ""), fields.get("resource", "").casefold()
    if (
        fields.get("video_index") == "-1"
        or fields.get("set.test_image") == "1"
        or service == "tone"
    ):
        return "nothing"
    if service in ("color", "colour") or resource.startswith("color:"):
        if _CLEAR.fullmatch(resource):
            return "nothing"
        return "black" if _BLACK.fullmatch(resource) or not resource else "a colour"
    return "a title" if _DRAWN.match(service) else ""


def speed_of(element: Element, fields: dict[str, str], place: str) -> Fraction:
    """Speed of a clip."""
    if any("timeremap" in (link.get("mlt_service"), properties(link).get("mlt_service"))
           for link in element.iter("link")):  # fmt: skip
        raise EditError(f"{place}: a speed that changes is not read; use constant speeds")
    service, resource = fields.get("mlt_service"), fields.get("resource", "")
    if service == "timewarp":
        text = fields.get("warp_speed", "") or resource.split(":")[0]
    elif service == "framebuffer":  # of the first Kdenlives
        text = resource.rpartition("?")[2].partition("&")[0]
        text = f"-{text}" if fields.get("reverse", "0") not in ("", "0") else text
    else:
        return Fraction(1)
    if not re.fullmatch(NUMBER, text):
        raise EditError(f"{place}: '{text:.20}' is no speed")
    return Fraction(text.replace(",", ".")).limit_denominator(1_000_000)


def backwards(project: Project, element: Element, item: Item) -> Item:
    """A clip that runs backwards from the end of its producer; `into_s` counts from its begin.

    Where that producer was trimmed, melt adds its ``in`` here too: the last frame holds so long.
    """
    out_s = seconds_at(project, element.get("out", ""), item.place)
    begin_s = seconds_at(project, element.get("in", "0"), item.place)
    back_s = out_s + 2 * begin_s - item.into_s
    held_s = min(max(back_s - out_s, Fraction(0)), item.end_s - item.start_s)
    run = replace(item, into_s=back_s * -item.speed)
    if not held_s:
        return run
    middle_s, speed = item.start_s + held_s, item.speed
    hold = replace(item, end_s=middle_s, into_s=out_s * -speed, speed=Fraction(0))
    run = replace(run, start_s=middle_s, into_s=(back_s - held_s) * -speed)
    parts = tuple(part for part in (hold, run) if part.end_s > part.start_s)
    return Item(item.start_s, item.end_s, item.start_s, Fraction(1), item.place, Stack((parts,)))


def note_effects(project: Project, element: Element, place: str = "") -> None:
    """Count effects; refuse those that change what is shown when."""
    for effect in element.findall("filter"):
        fields = properties(effect)
        name = fields.get("kdenlive_id") or fields.get("mlt_service", "")
        if fields.get("disable") == "1" or fields.get("internal_added") or _SOUNDS.search(name):
            continue
        if fields.get("mlt_service") in ("freeze", "timeremap", "framebuffer"):
            raise EditError(
                f"{place or project.name}: the effect '{name:.40}' holds the picture; freeze the "
                "clip itself, or follow the rendered film with --video"
            )
        project.findings.effect(name)


def span(project: Project, element: Element, place: str) -> tuple[Fraction, Fraction]:
    """Begin and end of an element whose ``out`` is its last frame."""
    start_s = seconds_at(project, element.get("in", "0"), place)
    end_s = seconds_at(project, element.get("out", ""), place) + 1 / project.fps
    if end_s < start_s:
        raise EditError(f"{place}: ends before it begins")
    return start_s, end_s


def seconds_at(project: Project, text: str, place: str) -> Fraction:
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


def bounds(
    project: Project, entry: Element, element: Element, place: str
) -> tuple[Fraction, Fraction]:
    """What an entry says that it shows; without an end, up to that of its producer."""
    if entry.get("out"):
        return span(project, entry, place)
    start_s = seconds_at(project, entry.get("in", "0"), place)
    if element.get("out"):
        first_s, end_s = span(project, element, place)
        return start_s, max(end_s - first_s, start_s)
    length_s = seconds_at(project, properties(element).get("length", ""), place)
    return start_s, max(length_s, start_s)
