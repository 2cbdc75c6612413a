"""Edits for tests: the same clips as .otio, .edl and .kdenlive write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from engine.core.track.conform import Shot
from engine.documents.edit.reading import answer
from engine.documents.edit.spans import from_rows, shots
from engine.documents.edit.timeline import Film

FPS = 25
FILM = Film(("out.mp4",), Fraction(FPS), 100)


class Clip(NamedTuple):
    """Frames of the proxy from `first`, `length` frames long in the edit; no first: a gap.

    `fade` is the length of a dissolve from the clip before, half of it on each side of the cut.
    """

    first: int | None
    length: int
    speed: Fraction = Fraction(1)
    fade: int = 0


def look(
    suffix: str, text: str | bytes, film: Film = FILM, **more: object
) -> tuple[list[Shot], Fraction, list[str]]:
    """What an edit shows, its rate, and what is said of it; read without a child."""
    job = {
        "name": f"edit{suffix}", "suffix": suffix, "names": film.names, "frames": film.frames,
        "film_fps": str(film.fps), "fps": "", "begin": "", "ignored": [], **more,
    }  # fmt: skip
    said = answer(text if isinstance(text, bytes) else text.encode(), job)
    fps = Fraction(said["fps"])
    found = shots(from_rows(said["spans"]), Fraction(said["begin"]), fps, film, f"edit{suffix}")
    return found, fps, said["notes"]


def frames(suffix: str, text: str | bytes, **more: object) -> list[object]:
    """Frame of the proxy on every frame of an edit; None: nothing."""
    return [
        shot.first if shot.second is None else (shot.first, shot.second)
        for shot in look(suffix, text, **more)[0]
    ]


def write(suffix: str, clips: Sequence[Clip], media: str = "out.mp4", frames: int = 100) -> str:
    """Text of an edit."""
    return {".otio": _otio, ".edl": _edl, ".kdenlive": _kdenlive}[suffix](clips, media, frames)


def _range(first: float, count: float) -> TimeRange:
    return TimeRange(RationalTime(first, FPS), RationalTime(count, FPS))


def otio_clip(media: str, first: float, length: float, speed: Fraction = Fraction(1)):
    effects = [otio.schema.LinearTimeWarp(time_scalar=float(speed))] if speed != 1 else []
    reference = otio.schema.ExternalReference(f"file:///cuts/{media}", _range(0, 1000))
    return otio.schema.Clip(media, reference, _range(first, length), effects=effects)


def otio_text(*tracks: Sequence[object], kinds: Sequence[str] = ()) -> str:
    timeline = otio.schema.Timeline("edit", global_start_time=RationalTime(90000, FPS))
    for number, children in enumerate(tracks):
        kind = kinds[number] if kinds else "Video"
        timeline.tracks.append(otio.schema.Track(f"{number}", list(children), kind=kind))
    return otio.adapters.write_to_string(timeline)


def _otio(clips: Sequence[Clip], media: str, frames: int) -> str:
    children: list[object] = []
    for clip in clips:
        if clip.fade:
            half = RationalTime(clip.fade / 2, FPS)
            children.append(otio.schema.Transition("d", "SMPTE_Dissolve", half, half))
        if clip.first is None:
            children.append(otio.schema.Gap(source_range=_range(0, clip.length)))
        else:
            children.append(otio_clip(media, clip.first, clip.length, clip.speed))
    return otio_text(children)


def _code(frame: int) -> str:
    seconds, rest = divmod(frame, FPS)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


def _edl(clips: Sequence[Clip], media: str, frames: int) -> str:
    lines, at = ["TITLE: EDIT", "FCM: NON-DROP FRAME"], 90000
    for number, clip in enumerate(clips, 1):
        start, end = at, at + clip.length
        at = end
        if clip.first is None:
            continue
        after = clips[number].fade // 2 if number < len(clips) else 0
        out = clip.first + int(clip.length * abs(clip.speed))
        how = "C   "
        if clip.fade:  # the classic pair of lines: whence, without length, and whither
            before = clips[number - 2]
            whence = before.first + before.length - clip.fade // 2
            start -= clip.fade // 2
            lines.append(
                f"{number:03d}  AX       V     C        {_code(whence)} {_code(whence)} "
                f"{_code(start)} {_code(start)}"
            )
            how = f"D    {clip.fade:03d}"
        first = clip.first - clip.fade // 2
        lines.append(
            f"{number:03d}  AX       V     {how:8} {_code(first)} {_code(out - after)} "
            f"{_code(start)} {_code(end - after)}"
        )
        if clip.speed != 1:
            lines.append(f"M2   AX       {float(clip.speed * FPS):05.1f}      {_code(first)}")
        lines += [f"* FROM CLIP NAME: {media}", f"* TO CLIP NAME: {media}"][: 2 if clip.fade else 1]
    return "\n".join(lines) + "\n"


def _clock(frame: int) -> str:
    return f"00:{frame // FPS // 60:02d}:{frame // FPS % 60:02d}.{frame % FPS * 1000 // FPS:03d}"


def _kdenlive(clips: Sequence[Clip], media: str, frames: int) -> str:
    """Two playlists a track, by turns where clips dissolve; speeds are time warps."""
    lists: list[list[str]] = [[], []]
    ends = [0, 0]
    producers, fades, side, at = [_producer("c", media, frames)], [], 0, 0
    for number, clip in enumerate(clips):
        start, end = at - clip.fade // 2, at + clip.length
        at = end
        if clip.first is None:
            continue
        end += clips[number + 1].fade // 2 if number + 1 < len(clips) else 0
        if clip.fade:
            side = 1 - side
            fades.append(
                f'<transition in="{_clock(start)}" out="{_clock(start + clip.fade - 1)}">'
                '<property name="mlt_service">luma</property><property name="a_track">0</property>'
                '<property name="b_track">1</property><property name="kdenlive:mixcut">1</property>'
                "</transition>"
            )
        name, first = "c", clip.first - clip.fade // 2
        if clip.speed != 1:
            name = f"w{number}"
            length = int(frames / abs(clip.speed))
            producers.append(_producer(name, media, length, clip.speed))
            first = int(first / abs(clip.speed))
            if clip.speed < 0:
                first = length - first - (end - start)
        if start > ends[side]:
            lists[side].append(f'<blank length="{_clock(start - ends[side])}"/>')
        last = first + end - start - 1
        lists[side].append(f'<entry producer="{name}" in="{_clock(first)}" out="{_clock(last)}"/>')
        ends[side] = end
    tracks = "".join(
        f'<playlist id="p{i}">{"".join(each)}</playlist>' for i, each in enumerate(lists)
    )
    return mlt_text(
        f'{"".join(producers)}{tracks}<tractor id="t"><property name="kdenlive:timeline_active">1'
        f'</property><track hide="audio" producer="p0"/><track producer="p1"/>{"".join(fades)}'
        '</tractor><tractor id="all"><track producer="black"/><track producer="t"/></tractor>'
    )


def mlt_text(inside: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><mlt LC_NUMERIC="C" version="7.22">'
        f'<profile frame_rate_num="{FPS}" frame_rate_den="1" width="160" height="120"/>'
        '<producer id="black" in="0" out="9999"><property name="mlt_service">color</property>'
        f'<property name="resource">black</property></producer>{inside}</mlt>'
    )


def _producer(name: str, media: str, length: int, speed: Fraction = Fraction(1)) -> str:
    resource, more = f"/cuts/{media}", '<property name="mlt_service">avformat-novalidate</property>'
    if speed != 1:
        more = (
            '<property name="mlt_service">timewarp</property>'
            f'<property name="warp_speed">{float(speed):g}</property>'
            f'<property name="warp_resource">{resource}</property>'
        )
        resource = f"{float(speed):g}:{resource}"
    volume = '<filter><property name="mlt_service">volume</property></filter>'
    return (
        f'<producer id="{name}" in="{_clock(0)}" out="{_clock(length - 1)}">'
        f'<property name="resource">{resource}</property>{more}{volume}</producer>'
    )
