"""Edits for tests: the same clips as every format writes them."""

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
    writers = {".otio": _otio, ".edl": _edl, ".kdenlive": _kdenlive, ".xml": _xmeml,
               ".fcpxml": _fcpxml}  # fmt: skip
    return writers[suffix](clips, media, frames)


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


RATE = f"<rate><timebase>{FPS}</timebase><ntsc>FALSE</ntsc></rate>"


def xmeml(*tracks: str) -> str:
    """A document of Final Cut Pro 7 with these tracks."""
    found = "".join(f"<track>{each}</track>" for each in tracks)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml>\n<xmeml version="4"><project>'
        "<children>"
        f'<sequence id="s"><name>edit</name>{RATE}<media><video>{found}</video><audio><track>'
        '<clipitem id="song"/></track></audio></media></sequence></children></project></xmeml>'
    )


def xmeml_clip(
    times: Sequence[int], more: str = "", media: str = "out.mp4", total: int = 100
) -> str:
    """A clip: start, end, in, out."""
    start, end, first, out = times
    return (
        f"<clipitem><name>a clip</name><duration>{total}</duration>{RATE}<start>{start}</start>"
        f'<end>{end}</end><in>{first}</in><out>{out}</out><file id="f-{media}"><name>{media}</name>'
        f"<pathurl>file://localhost/D%3a/cuts/{media}</pathurl></file>{more}</clipitem>"
    )


def xmeml_speed(speed: Fraction, reverse: str = "FALSE") -> str:
    """Filter of a constant speed."""
    return (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>"
        "<mediatype>video</mediatype><parameter><parameterid>variablespeed</parameterid>"
        "<value>0</value></parameter><parameter><parameterid>speed</parameterid>"
        f"<value>{float(speed * 100):g}</value></parameter><parameter><parameterid>reverse"
        f"</parameterid><value>{reverse}</value></parameter></effect></filter>"
    )


def _xmeml(clips: Sequence[Clip], media: str, frames: int) -> str:
    """Clips beside a transition reach into it, and have no start or end of their own."""
    found, at = [], 0
    for number, clip in enumerate(clips):
        start, end = at, at + clip.length
        at = end
        after = clips[number + 1].fade if number + 1 < len(clips) else 0
        if clip.fade:
            found.append(
                f"<transitionitem><start>{start - clip.fade // 2}</start>"
                f"<end>{start + clip.fade // 2}</end><effect><name>Cross Dissolve</name></effect>"
                "</transitionitem>"
            )
        if clip.first is None:
            continue
        first = clip.first - clip.fade // 2
        out = clip.first + int(clip.length * abs(clip.speed)) + after // 2
        if clip.speed == 0:
            out = clip.first + clip.length
        times = (-1 if clip.fade else start, -1 if after else end, first, out)
        more = xmeml_speed(clip.speed) if clip.speed != 1 else ""
        found.append(xmeml_clip(times, more, media, frames))
    return xmeml("".join(found))


def fcpxml(spine: str, resources: str = "", media: str = "out.mp4") -> str:
    """A document of Final Cut Pro with this storyline."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources>'
        f'<format id="r1" frameDuration="100/{FPS}00s"/><asset id="r2" name="a clip" start="0s" '
        f'duration="40s" hasVideo="1"><media-rep src="file:///cuts/{media}"/></asset>{resources}'
        '</resources><library><event><asset-clip ref="r2"/><project name="edit"><sequence '
        f'format="r1" tcStart="3600s" tcFormat="NDF"><spine>{spine}</spine></sequence></project>'
        "</event></library></fcpxml>"
    )


def _rational(frames: float) -> str:
    return f"{Fraction(frames) / FPS}s"


def _fcpxml(clips: Sequence[Clip], media: str, frames: int) -> str:
    found, at = [], 90000
    for clip in clips:
        if clip.fade:
            found.append(
                f'<transition name="Cross Dissolve" offset="{_rational(at - clip.fade // 2)}" '
                f'duration="{_rational(clip.fade)}"/>'
            )
        span = f'offset="{_rational(at)}" duration="{_rational(clip.length)}"'
        at += clip.length
        if clip.first is None:
            found.append(f'<gap name="Gap" start="3600s" {span}/>')
            continue
        start, more = clip.first, ""
        if clip.speed != 1:
            start, first = 0, clip.first
            last = first + abs(clip.speed) * clip.length
            first, last = (last, first) if clip.speed < 0 else (first, last)
            more = (
                f'<timeMap><timept time="0s" value="{_rational(first)}" interp="smooth2"/><timept '
                f'time="{_rational(clip.length)}" value="{_rational(last)}"/></timeMap>'
            )
        found.append(f'<asset-clip ref="r2" start="{_rational(start)}" {span}>{more}</asset-clip>')
    return fcpxml("".join(found), media=media)
