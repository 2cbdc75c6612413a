"""Finishing against float64 and colour-science: grade, tone maps, looks, dither."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.colour import shaders
from engine.compositor.compose import Compositor
from engine.core.colour.cube import Lut, read_cube
from engine.core.colour.grade import Grade, balance
from engine.core.frame.plan import LayerPlan, Plan
from tests.compositor.srgb import decode, encode
from tests.places import ROOT

SIZE = (64, 36)
Array = NDArray[np.float64]


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, SIZE)
    yield made
    made.close()


PIXELS = np.random.default_rng(3).integers(0, 256, (36, 64, 3), np.uint8)
PIXELS[0, :6] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 1, 1]]


def finished(
    compositor: Compositor, grade: Grade, pixels: Any = PIXELS, format: str = "rgb48",
    master: float = 1.0, layers: int = 1,
) -> Array:  # fmt: skip
    """Draw pixels; alone, they are shown without the canvas. From 0 to 255."""
    ctx = compositor._ctx
    rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    texture = ctx.texture(SIZE, 4, rgba.tobytes())
    plain = LayerPlan("a", "g", None, (), "normal", 1.0, 64 / 36, 1.0, False)
    plan = Plan(0.0, 0, (plain,) * layers, {}, master, np.zeros(0), grade=grade)
    source = SimpleNamespace(
        older=texture, newer=texture, weight=1.0, numbers=(1, 1), is_flow=False
    )
    found = compositor.compose(plan, {"g": source}).read(format)
    texture.release()
    return found.astype(np.float64) * (255.0 / np.iinfo(found.dtype).max)


def agx(c: Array) -> Array:
    """The curve as it is told in docs/shows.md."""
    low, high = shaders.AGX_STOPS
    inset = shaders.AGX_INSET
    c = (1 - inset) * c + inset * c.mean(-1, keepdims=True)
    stops = np.clip(np.log2(np.maximum(c, 1e-9) / 0.18), low, high) / (high - low)
    middle = encode(np.array(0.18))
    x = stops * shaders.AGX_SLOPE
    most = np.where(x > 0, high, -low) / (high - low) * shaders.AGX_SLOPE
    limit = np.where(x > 0, 1 - middle, middle)
    scale = most / np.sqrt((most / limit) ** 2 - 1)
    light = decode(np.clip(middle + x / np.sqrt(1 + (x / scale) ** 2), 0, 1))
    outset = -inset / (1 - inset)
    return (1 - outset) * light + outset * light.mean(-1, keepdims=True)


TONE = [
    lambda c: c,
    lambda c: c * (1 + c / 16) / (1 + c),
    lambda c: c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14),
    agx,
]


def graded(grade: Grade, pixels: Any = PIXELS) -> Array:
    """In float64: the light before any look, 0 to 1."""
    c = decode(pixels / 255.0) @ (balance(grade.temperature, grade.tint).T * 2**grade.exposure)
    c = 0.18 * (np.maximum(c, 0) / 0.18) ** grade.contrast
    grey = (c @ [0.2126, 0.7152, 0.0722])[..., None]
    c = np.maximum(grey + grade.saturation * (c - grey), 0)
    return np.clip(TONE[grade.tone_map](c), 0, 1)


GRADES = [
    Grade(exposure=1.3),
    Grade(exposure=-2.0),
    Grade(temperature=80.0, tint=-30.0),
    Grade(contrast=1.6),
    Grade(contrast=0.0),
    Grade(saturation=0.0),
    Grade(saturation=2.0),
    Grade(exposure=3.0, tone_map=1),
    Grade(exposure=3.0, tone_map=2),
    Grade(exposure=3.0, tone_map=3),
    Grade(-1.0, -50.0, 20.0, 1.2, 1.3, 3),
]


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_grade_is_what_float64_says(compositor: Compositor, grade: Grade, layers: int) -> None:
    found = finished(compositor, grade, layers=layers)
    # more colour lifts the error of the fitted sRGB curve where one channel is nearly 0
    share = 0.99 if grade.saturation > 1.5 else 1.0
    assert np.quantile(np.abs(found - 255 * encode(graded(grade))), share) <= 1.0


def test_brightness_comes_last(compositor: Compositor) -> None:
    grade = Grade(exposure=2.0, tone_map=2)
    found = finished(compositor, grade, master=0.25)
    assert np.abs(found - 255 * encode(0.25 * graded(grade))).max() <= 1.0


def look(seed: int, curves: int, cube: int, head: str = "") -> bytes:
    side = np.arange(cube) / max(cube - 1, 1)
    rows = np.stack(np.meshgrid(side, side, side, indexing="ij")[::-1], axis=-1).reshape(-1, 3)
    ramp = np.repeat(np.linspace(0, 1, curves)[:, None] ** 1.2, 3, axis=1)
    rows = np.concatenate([ramp, rows[:, [1, 2, 0]] ** 1.3])
    uneven = np.random.default_rng(seed).uniform(0, 1, rows.shape)
    rows = 0.01 + 0.9 * rows + uneven * 0.5 / (curves + cube + 6)
    sizes = f"LUT_1D_SIZE {curves}\n" * (curves > 0) + f"LUT_3D_SIZE {cube}\n" * (cube > 0)
    return (sizes + head + "\n".join(f"{r:.7f} {g:.7f} {b:.7f}" for r, g, b in rows)).encode()


def bent(lut: Lut, v: Array) -> Array:
    """The curves of a look, in float64."""
    table = lut.curves
    if table is None:
        return v
    return np.stack(
        [
            np.interp(v[..., i], np.linspace(table.low[i], table.high[i], len(table.values)),
                      table.values[:, i])
            for i in range(3)
        ],
        axis=-1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("curves", "cube", "head"),
    [
        (0, 2, ""),
        (0, 17, "DOMAIN_MIN 0.1 0 -0.5\nDOMAIN_MAX 0.8 1 1.5\n"),
        (0, 65, ""),
        (33, 0, "DOMAIN_MIN -0.2 0 0\nDOMAIN_MAX 1.2 1 0.7\n"),
        (4096, 9, ""),
    ],
)
def test_a_look_is_what_colour_science_says(
    compositor: Compositor, colour: Any, curves: int, cube: int, head: str
) -> None:
    lut = read_cube(look(curves + cube, curves, cube, head), "a.cube")
    v = bent(lut, PIXELS / 255.0)
    if lut.cube is not None:
        domain = np.array([lut.cube.low, lut.cube.high])
        table = colour.LUT3D(lut.cube.values.transpose(2, 1, 0, 3).astype(np.float64), "a", domain)
        inside = np.clip(v, *domain)
        v = table.apply(inside, interpolator=colour.algebra.table_interpolation_tetrahedral)
    found = finished(compositor, Grade(lut_mix=1.0, lut=lut))
    assert np.abs(found - 255 * v).max() <= 1.0
    half = finished(compositor, Grade(lut_mix=0.5, lut=lut))
    assert np.abs(half - 0.5 * (255 * v + PIXELS)).max() <= 1.0


def test_the_neutral_look_changes_nothing(compositor: Compositor) -> None:
    side = np.arange(33) / 32
    rows = [f"{r} {g} {b}" for b in side for g in side for r in side]
    lut = read_cube(("LUT_3D_SIZE 33\n" + "\n".join(rows)).encode(), "a.cube")
    assert np.abs(finished(compositor, Grade(lut_mix=1.0, lut=lut)) - PIXELS).max() <= 0.5


def test_a_look_lifts_no_blackout(compositor: Compositor) -> None:
    lut = read_cube(b"LUT_1D_SIZE 2\n0.2 0.2 0.2\n1 1 1\n", "a.cube")
    grade = Grade(lut_mix=1.0, lut=lut)
    assert finished(compositor, grade, PIXELS * 0, "rgb24").min() >= 50
    assert finished(compositor, grade, format="rgb24", master=0.0).max() == 0


# Dither


def noise(side: int) -> Any:
    spec = importlib.util.spec_from_file_location("blue_noise", ROOT / "docs" / "blue_noise.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.ranks(side)


def low_share(ranks: Any) -> float:
    """Power of the slow waves, as a part of that of white noise."""
    side = len(ranks)
    waves = np.abs(np.fft.fft2(ranks / ranks.size - 0.5)) ** 2 / ranks.size
    rate = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    return float(waves[(rate > 0) & (rate < 0.15)].mean() * 12)


def test_the_mask_is_blue_and_has_every_rank() -> None:
    file = ROOT / "engine" / "compositor" / "colour" / "blue_noise.bin"
    ranks = np.frombuffer(file.read_bytes(), "<u2").reshape(64, 64)
    for each in (ranks, noise(16)):
        assert sorted(each.ravel()) == list(range(each.size))
    assert low_share(ranks) < 0.01
    assert (noise(16) == noise(16)).all()


@pytest.mark.parametrize(("format", "steps"), [("rgb24", 255), ("rgb30", 1023)])
def test_dither_keeps_the_mean_and_moves_no_more_than_a_step(
    compositor: Compositor, format: str, steps: int
) -> None:
    """In 8 bits black and white stay exact; in 10 every value is one of 1024."""
    ramp = np.tile(np.rint(np.linspace(0, 255, 64))[None, :, None], (36, 1, 3)).astype(np.uint8)
    dark = Grade(exposure=-1.0, is_blue=True)
    wanted = steps * encode(graded(dark, ramp))
    found = finished(compositor, dark, ramp, format) * steps / 255
    assert np.abs(found - np.rint(found)).max() < 0.02
    assert np.abs(found - wanted).max() <= 1.05 + 0.15 * steps / 255
    assert np.abs(found.mean(0) - wanted.mean(0)).max() < 0.35 * steps / 255 + 0.2
    assert (found[:, 0] == 0).all()
    white = finished(compositor, Grade(is_blue=True), ramp, format)
    assert np.abs(white[:, -1] - 255).max() < 1e-9


def test_a_show_without_the_table_is_dithered_as_ever(compositor: Compositor) -> None:
    plain = finished(compositor, Grade(), PIXELS, "rgb24")
    assert (plain == finished(compositor, Grade(lut_mix=1.0), PIXELS, "rgb24")).all()
    assert (plain == finished(compositor, Grade(exposure=1e-30), PIXELS, "rgb24")).mean() > 0.9
