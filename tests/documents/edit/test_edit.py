"""Edits of every kind are looked at as an editor shows them; hostile ones end in one sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from fractions import Fraction

import numpy as np
import opentimelineio as otio
import pytest

from engine.documents.edit.timeline import EditError
from tests.edits import Clip, frames, mlt_text, otio_clip, otio_text, write

NONE = "00:00:00:00"


def gap(length: int) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=otio_clip("x", 0, length).source_range)


def test_the_uppermost_clip_wins_and_what_is_off_or_a_sound_is_not_there() -> None:
    low = [otio_clip("out.mp4", 0, 10)]
    off = otio_clip("cat.mov", 0, 10)
    off.enabled = False
    high = [gap(4), otio_clip("out.mp4", 50, 2), off]
    sound = [otio_clip("song.wav", 0, 10)]
    text = otio_text(low, high, sound, kinds=("Video", "Video", "Audio"))
    assert frames(".otio", text) == [0, 1, 2, 3, 50, 51, 6, 7, 8, 9]


def test_nested_timelines_are_looked_into() -> None:
    inner = otio.schema.Track("in", [otio_clip("out.mp4", 20, 6), otio_clip("out.mp4", 70, 6)])
    nest = otio.schema.Stack("nest", [inner], otio_clip("x", 4, 4).source_range)
    text = otio_text([otio_clip("out.mp4", 0, 2), nest])
    assert frames(".otio", text) == [0, 1, 24, 25, 70, 71]
    nest.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    text = otio_text([nest.deepcopy()])
    assert frames(".otio", text) == [24, 70, 72, 74]


def test_media_that_begin_at_another_timecode_and_freezes() -> None:
    clip = otio_clip("out.mp4", 90010, 3)
    clip.media_reference.available_range = otio_clip("x", 90000, 100).source_range
    still = otio_clip("out.mp4", 40, 3)
    still.effects.append(otio.schema.FreezeFrame())
    text = otio_text([clip, still])
    assert frames(".otio", text) == [10, 11, 12, 40, 40, 40]


def test_dissolves_between_two_tracks_of_an_old_kdenlive() -> None:
    text = mlt_text(
        '<producer id="c" out="99"><property name="resource">out.mp4</property></producer>'
        '<playlist id="a"><entry producer="c" in="0" out="9"/></playlist>'
        '<playlist id="b"><blank length="6"/><entry producer="c" in="50" out="59"/></playlist>'
        '<tractor id="t"><track producer="black"/><track producer="a"/><track producer="b"/>'
        '<transition in="6" out="9"><property name="mlt_service">luma</property>'
        '<property name="a_track">1</property><property name="b_track">2</property></transition>'
        '<transition in="0" out="15"><property name="mlt_service">qtblend</property>'
        '<property name="a_track">0</property><property name="b_track">2</property></transition>'
        "</tractor>"
    )
    pairs = [(6 + k, 50 + k) for k in range(4)]
    assert frames(".kdenlive", text) == [*range(6), *pairs, *range(54, 60)]


def test_an_edl_says_what_it_says_in_every_dialect() -> None:
    text = (
        "TITLE: x\r\nFCM: NON-DROP FRAME\r\n"
        "000001  OUT      B     C        00:00:01:00 00:00:01:02 00:00:00:02 00:00:00:04\r\n"
        "000002  OUT      A     C        00:00:00:00 00:00:09:02 00:00:00:00 00:00:09:02\r\n"
        "000003  BL       V     C        00:00:00:00 00:00:00:01 00:00:00:04 00:00:00:05\r\n"
        "000004  OUT      AA/V  W001 002 00:00:02:00 00:00:02:03 00:00:00:05 00:00:00:08\r\n"
        "* COMMENT: 12 of them\r\n"
    )
    assert frames(".edl", text) == [None, None, 25, 26, None, 50, 51, 52]


@pytest.mark.parametrize(
    ("suffix", "text", "told"),
    [
        (".edl", "TITLE: nothing\n", "holds no video event"),
        (".edl", f"1 AX V C 00:00:00:30 {NONE} {NONE} {NONE}\n", "line 1: '00:00:00:30'"),
        (".edl", "\n1 AX V K 00:00:00:00 00:00:00:01\n", "line 2: '1 AX V K"),
        (".edl", f"1 AX V C {NONE} {NONE} 00:00:00:09 {NONE}\n", "ends before it begins"),
        (
            ".edl",
            "1 AX V C 00:00:00:00 00:00:00:09 00:00:00:00 00:00:00:09\n"
            "2 AX V C 00:00:00:00 00:00:00:09 00:00:00:05 00:00:00:14\n",
            "line 2: lies over the event before",
        ),
        (".edl", f"1 AX V C {NONE} {NONE} {NONE} 99:59:59:00\n", "frames long; an edit has"),
        (".edl", b"\xff\xfe\x00", "holds no video event"),
        (".otio", "{}", "not an OpenTimelineIO file|holds no timeline"),
        (".otio", "[" * 100_000, "nested too deeply"),
        (".otio", '{"OTIO_SCHEMA": "Clip.1"}', "holds no timeline"),
        (".otio", otio_text([gap(5)]), "shows nothing of the proxy"),
        (".kdenlive", "<mlt", "not XML"),
        (".kdenlive", "<mlt/>", "no Kdenlive project"),
        (".kdenlive", mlt_text(""), "holds no timeline"),
        (
            ".kdenlive",
            '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;">]><mlt>&c;</mlt>',
            "declares entities",
        ),
        (".kdenlive", "<mlt>" + "<a>" * 70 + "</a>" * 70 + "</mlt>", "too deep or too large"),
        (
            ".kdenlive",
            mlt_text('<playlist id="p"><entry producer="t" in="0" out="5"/></playlist>'
                     '<tractor id="t"><track producer="p"/></tractor>'),
            "'t' is not in the project, or in itself",
        ),
        (
            ".mlt",
            mlt_text('<playlist id="p"><entry producer="no" in="0" out="5"/></playlist>'
                     '<tractor id="t"><track producer="p"/></tractor>'),
            "track 0, item 1: 'no' is not in the project",
        ),
        (".mlt", mlt_text('<tractor id="t"><track producer="p"/></tractor><playlist id="p">'
                          '<blank length="x"/></playlist>'), "'x' is no time"),
    ],
)  # fmt: skip
def test_bad_edits_end_in_one_sentence(suffix: str, text, told: str) -> None:
    with pytest.raises(EditError, match=told) as caught:
        frames(suffix, text)
    assert "\n" not in str(caught.value)
    assert "edit" in str(caught.value)


def test_clips_in_clips_without_end_are_refused() -> None:
    track = '<track producer="t{}"/>'
    layers = "".join(
        f'<tractor id="t{n}">{4 * track.format(n - 1)}</tractor>' for n in range(1, 14)
    )
    text = mlt_text(f'<tractor id="t0"><track producer="black"/></tractor>{layers}')
    with pytest.raises(EditError, match="or too often"):
        frames(".mlt", text)


def test_speeds_that_change_are_refused_by_name() -> None:
    text = mlt_text(
        '<chain id="c" out="99"><property name="resource">out.mp4</property><link id="l">'
        '<property name="mlt_service">timeremap</property></link></chain>'
        '<playlist id="p"><entry producer="c" in="0" out="5"/></playlist>'
        '<tractor id="t"><track producer="p"/></tractor>'
    )
    with pytest.raises(EditError, match="item 1: a speed that changes is not read"):
        frames(".kdenlive", text)


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".kdenlive", ".xml", ".fcpxml"])
def test_damaged_edits_never_end_in_anything_else(suffix: str) -> None:
    whole = write(suffix, (Clip(0, 9), Clip(None, 3), Clip(9, 9, Fraction(2)))).encode()
    draw = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(whole)
        for place in draw.integers(0, len(data), 3):
            data[place] = draw.choice(list(b'<>"{}0:9-e.\x00\xff'))
        cut = slice(None, int(draw.integers(1, len(data)))) if draw.random() < 0.3 else slice(None)
        with suppress(EditError):
            assert frames(suffix, bytes(data[cut]))


def test_numbers_of_an_otio_that_are_none() -> None:
    text = otio_text([otio_clip("out.mp4", 0, 10)])
    for key, value in (("value", 1e300), ("value", float("nan")), ("rate", -1.0), ("rate", 0.0)):
        data = json.loads(text)
        found = data["tracks"]["children"][0]["children"][0]["source_range"]["duration"]
        found[key] = value
        with pytest.raises(EditError, match="edit"):
            frames(".otio", json.dumps(data))
