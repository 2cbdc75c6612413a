"""Shaders that see the sound, by pixels: silence, a tone, and what was heard at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.compose import Compositor
from engine.core.frame.plan import LayerPlan, Pass, Plan

SIZE, RATE_HZ = (64, 36), 48_000
WAVE = """/*{"INPUTS": [{"NAME": "wave", "TYPE": "audio", "MAX": 256}]}*/
void main() { gl_FragColor = vec4(IMG_NORM_PIXEL(wave, vec2(isf_FragNormCoord.x, 0.25)).rgb, 1.0); }
"""
BARS = """/*{"INPUTS": [{"NAME": "fft", "TYPE": "audioFFT", "MAX": 64}]}*/
void main() {
    float row = isf_FragNormCoord.y < 0.5 ? 0.25 : 0.75;
    gl_FragColor = vec4(vec3(IMG_NORM_PIXEL(fft, vec2(isf_FragNormCoord.x, row)).r), 1.0);
}
"""


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, SIZE)
    made.load("wave", WAVE)
    made.load("bars", BARS)
    yield made
    made.close()


def drawn(compositor: Compositor, shader: str, heard_s: float) -> NDArray[np.uint8]:
    item = Pass("a/source", shader, {})
    layer = LayerPlan("a", None, item, (), "normal", 1.0, 64 / 36, 1.0, False)
    plan = Plan(0.0, 0, (layer,), {}, 1.0, np.zeros(0), heard_s=heard_s)
    return np.array(compositor.compose(plan, {}).read("rgb24"))


def test_silence_is_grey_and_black(compositor: Compositor) -> None:
    assert np.abs(drawn(compositor, "wave", 0.0).astype(int) - 128).max() <= 1
    assert drawn(compositor, "bars", 5.0).max() == 0


def test_a_low_tone_lights_the_left_of_its_channel(compositor: Compositor) -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    left = np.sin(2 * np.pi * 100 * time_s)
    pcm = np.stack([left, np.zeros_like(left)], axis=1).astype(np.float32)
    compositor.listen(lambda start, count: pcm[start : start + count], RATE_HZ)
    picture = drawn(compositor, "bars", 0.5)
    assert picture[30, 0].min() > 150  # the lower half is the first channel
    assert picture[30, 32:].max() < 20
    assert picture[5].max() == 0
    wave = drawn(compositor, "wave", 0.5)[10, :, 1]
    assert wave.max() > 250
    assert wave.min() < 5


def test_what_is_seen_was_heard_before_the_moment(compositor: Compositor) -> None:
    pcm = np.zeros((RATE_HZ, 1), np.float32)
    pcm[24_000:] = 1.0
    compositor.listen(lambda start, count: pcm[start : start + count], RATE_HZ)
    assert drawn(compositor, "wave", 0.5).max() <= 129
    assert drawn(compositor, "wave", 0.51)[:, 40:].min() > 250
    assert drawn(compositor, "wave", 0.51)[:, :20].max() <= 129
    assert drawn(compositor, "wave", 1.0 + 512 / RATE_HZ)[:, 40:].max() <= 129  # after its end
    assert drawn(compositor, "wave", 0.5).max() <= 129  # and back again


def test_a_source_that_changes_its_channels_is_seen(compositor: Compositor) -> None:
    for channels in (1, 2, 1):
        pcm = np.ones((4096, channels), np.float32)
        read: Any = lambda start, count, pcm=pcm: pcm[start : start + count]  # noqa: E731
        compositor.listen(read, RATE_HZ)
        assert drawn(compositor, "wave", 0.05).min() > 250
