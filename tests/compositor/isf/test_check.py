"""What `shader check` says of a shader, and over which picture."""

from __future__ import annotations

import itertools
import math

import moderngl
import numpy as np
import pytest

from engine.compositor.isf.check import blank, check, describe, probe_picture, probe_sound

SIZE_PX = (64, 36)
HEAD = '/*{"ISFVSN": "2", "INPUTS": ['


def checked(
    ctx: moderngl.Context, inputs: str, colour: str, *, most_s: float = math.inf, more: str = ""
) -> tuple[dict[str, object], np.ndarray]:
    text = f"{HEAD}{inputs}]{more}}}*/\nvoid main() {{ gl_FragColor = {colour}; }}"
    most = most_s, itertools.count().__next__
    report, picture = check(ctx, describe(ctx, "a", text), (SIZE_PX, {}), most)
    assert report.keys() == blank("a").keys()
    return report, np.zeros(0) if picture is None else picture


@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize(
    "turn",
    [
        lambda p: p[::-1], lambda p: p[:, ::-1], lambda p: p[::-1, ::-1],
        lambda p: p.transpose(1, 0, 2), lambda p: np.repeat(np.repeat(p, 2, 0), 2, 1)[:90, :90],
    ],
    ids=["flipped", "mirrored", "turned", "transposed", "a quarter"],
)  # fmt: skip
def test_no_turn_of_the_test_picture_looks_like_it(variant: int, turn: object) -> None:
    picture = probe_picture((90, 90), variant).astype(float)
    assert np.abs(turn(picture) - picture).mean() > 0.1  # type: ignore[operator]


def test_two_images_are_two_pictures(ctx: moderngl.Context) -> None:
    inputs = ",".join(
        f'{{"NAME": "{name}", "TYPE": "{kind}"}}'
        for name, kind in (("startImage", "image"), ("endImage", "image"), ("progress", "float"))
    )
    report, found = checked(ctx, inputs, "IMG_THIS_PIXEL(endImage)")
    assert report["kind"] == "transition"
    assert report["unused"] == ["startImage", "progress"]
    assert np.abs(found - probe_picture(SIZE_PX, 1)).max() < 1e-2
    _, found = checked(ctx, inputs, "IMG_THIS_PIXEL(startImage)")
    assert np.abs(found - probe_picture(SIZE_PX, 0)).max() < 1e-2


@pytest.mark.parametrize("kind", ["audio", "audioFFT"])
def test_sound_is_heard_and_silence_is_not_called_flat(ctx: moderngl.Context, kind: str) -> None:
    given = f'{{"NAME": "sound", "TYPE": "{kind}"}}'
    read = "vec4(IMG_NORM_PIXEL(sound, vec2(isf_FragNormCoord.x, 0.25)).rgb, 1.0)"
    report, found = checked(ctx, given, read)
    assert (report["flat"], report["unused"]) == (False, [])
    assert np.ptp(found[0, :, 0]) > 0.5
    assert np.ptp(probe_sound(kind, False)) < 1e-6
    report, _ = checked(ctx, given, "vec4(0.5)")
    assert (report["flat"], report["unused"]) == (True, ["sound"])


def test_an_input_that_only_sizes_read_is_used(ctx: moderngl.Context) -> None:
    given = '{"NAME": "k", "TYPE": "float", "DEFAULT": 0.5}'
    passes = ', "PASSES": [{"TARGET": "t", "WIDTH": "$WIDTH * $k"}, {}]'
    report, _ = checked(ctx, given, "PASSINDEX == 0 ? vec4(1.0) : IMG_THIS_PIXEL(t)", more=passes)
    assert report["unused"] == []
    assert report["notes"] == []


def test_what_is_drawn_smaller_than_it_asks_for_is_said(ctx: moderngl.Context) -> None:
    passes = (
        ', "PASSES": [{"TARGET": "big", "WIDTH": "$WIDTH * 100", "HEIGHT": "$HEIGHT * 100"}, {}]'
    )
    report, _ = checked(ctx, "", "PASSINDEX == 0 ? vec4(1.0) : IMG_THIS_PIXEL(big)", more=passes)
    (said,) = report["notes"]  # type: ignore[misc]
    assert "a.fs: its buffer big is drawn smaller than it asks for" in said
    assert report["drew"]


def test_nan_is_seen_also_where_only_a_tone_brings_it(ctx: moderngl.Context) -> None:
    given = '{"NAME": "sound", "TYPE": "audioFFT"}'
    report, _ = checked(ctx, given, "vec4(sqrt(0.5 - IMG_THIS_PIXEL(sound)))")
    assert report["nan"]


def test_what_takes_too_long_is_not_drawn_and_its_figure_is_told(ctx: moderngl.Context) -> None:
    report, found = checked(ctx, "", "vec4(1.0)", most_s=0.5)
    assert (report["compiled"], report["drew"]) == (True, False)
    assert "takes about" in str(report["error"])
    assert float(str(report["cpu_ms"])) >= 1000.0  # one second by this clock, at a part of the size
    assert found.size == 0


def test_what_sows_its_buffers_in_the_beginning_is_not_flat(ctx: moderngl.Context) -> None:
    sown = "TIME < 0.1 ? vec4(isf_FragNormCoord, 0.0, 1.0) : IMG_THIS_PIXEL(m)"
    passes = ', "PASSES": [{"TARGET": "m", "PERSISTENT": true}]'
    report, _ = checked(ctx, "", sown, more=passes)
    assert not report["flat"]
