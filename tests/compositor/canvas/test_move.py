"""Placing against float64: areas averaged in light, premultiplied, wherever a layer lies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine.compositor.canvas.place import Placer, area_px
from engine.compositor.gl.surface import Surface
from engine.core.frame.plan import LayerPlan
from engine.core.show.placing import Placing
from tests.compositor.srgb import decode, encode

SIZE = (96, 54)
ASPECT = SIZE[0] / SIZE[1]
FINE = 8  # samples of a pixel, on each axis


def plan(scale: float = 1.0, aspect: float = ASPECT, **changes: float) -> LayerPlan:
    found = LayerPlan("a", None, None, (), "normal", 1.0, aspect, scale, False)
    return found._replace(placing=Placing(**changes) if changes else None)


def picture(size: tuple[int, int], alpha: bool = False) -> Any:
    """Smooth waves, in every colour, display-referred; row 0 at the bottom."""
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1])
    waves = [np.cos(7 * x + 3 * y), np.cos(5 * y - 9 * x * y), np.cos(11 * x + 1), np.cos(8 * x)]
    found = np.stack([0.5 + 0.45 * wave for wave in waves], -1)
    if not alpha:
        found[..., 3] = 1.0
    return found.astype(np.float16).astype(float)


def lay(placer: Placer, layer: LayerPlan, data: Any) -> Any:
    """Lay a picture on an empty canvas; light, premultiplied, row 0 at the bottom."""
    kit = placer.kit
    image = kit.pool.take((data.shape[1], data.shape[0]))
    image.texture.write(np.ascontiguousarray(data, np.float16).tobytes())
    canvas: Surface = kit.pool.take(SIZE)
    canvas.fbo.clear()
    canvas = placer.lay(canvas, layer, image)
    found = np.frombuffer(canvas.fbo.read(components=4, dtype="f2"), np.float16)
    for each in (image, canvas):
        kit.pool.give(each)
    return found.reshape(SIZE[1], SIZE[0], 4).astype(float)


def wanted(layer: LayerPlan, data: Any) -> Any:
    """Average what lies under each pixel, sampled finely."""
    at = layer.placing or Placing()
    width, height = area_px(SIZE, layer)
    fine = FINE if layer.scale < 1 else 1  # what becomes no smaller is not softened
    n = SIZE[0] * fine, SIZE[1] * fine
    x, y = np.meshgrid((np.arange(n[0]) + 0.5) / fine, (np.arange(n[1]) + 0.5) / fine)
    ax, ay = (at.anchor_x - 0.5) * width, (at.anchor_y - 0.5) * height
    x = x - SIZE[0] * (0.5 + at.x) - ax
    y = y - SIZE[1] * (0.5 + at.y) - ay
    turn = math.radians(at.rotation)
    u = (math.cos(turn) * x - math.sin(turn) * y) / layer.scale + ax
    v = (math.sin(turn) * x + math.cos(turn) * y) / layer.scale + ay
    u, v = u / width + 0.5, v / height + 0.5
    low = np.array([at.crop_left, at.crop_bottom])
    span = 1 - low - np.array([at.crop_right, at.crop_top])
    cell = (np.stack([u, v], -1) - low) / span
    inside = ((cell >= 0) & (cell < 1)).all(-1)
    if at.tile:
        inside[:] = True
        cell = cell % 1 if at.tile == 1 else 1 - np.abs(1 - cell % 2)
    u, v = np.moveaxis(low + np.clip(cell, 0, 1) * span, -1, 0)
    u = 1 - u if int(at.mirror) & 1 else u
    v = 1 - v if int(at.mirror) & 2 else v
    alpha = data[..., 3:]
    light = np.concatenate([decode(data[..., :3]) * alpha, alpha], -1)
    found = bilinear(light, u * data.shape[1] - 0.5, v * data.shape[0] - 0.5) * inside[..., None]
    return found.reshape(SIZE[1], fine, SIZE[0], fine, 4).mean((1, 3))


def bilinear(texels: Any, x: Any, y: Any) -> Any:
    high, wide = texels.shape[:2]
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]

    def at(i: Any, j: Any) -> Any:
        return texels[np.clip(j, 0, high - 1), np.clip(i, 0, wide - 1)]

    upper = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx
    return (at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx) * (1 - fy) + upper * fy


def far(found: Any, expected: Any) -> Any:
    """Distance as a display shows it over black, in code values."""
    return 255 * np.abs(encode(np.clip(found, 0, 1)) - encode(np.clip(expected, 0, 1)))[..., :3]


@pytest.mark.parametrize(
    "layer",
    [
        plan(0.5), plan(0.3), plan(0.11), plan(1.7), plan(8.0),
        plan(x=0.25, y=-0.5), plan(0.5, x=0.125, y=0.25, rotation=30.0),
        plan(0.6, rotation=-75.0, anchor_x=0.0, anchor_y=1.0),
        plan(crop_left=0.25, crop_top=0.5), plan(0.5, mirror=1.0), plan(0.8, mirror=3.0, x=0.1),
        plan(aspect=1.0, fit=1.0), plan(aspect=1.0, fit=2.0), plan(0.5, aspect=1.0, rotation=10.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("alpha", [False, True])
def test_a_layer_lies_where_it_should(placer: Placer, layer: LayerPlan, alpha: bool) -> None:
    data = picture(area_px(SIZE, layer), alpha)
    found, expected = lay(placer, layer, data), wanted(layer, data)
    cover = wanted(layer, np.ones_like(data))[..., 3]
    edge = (cover > 0) & (cover < 1)  # of an edge that is turned, the cover is an estimate
    is_easy = layer.scale > 0.125 and not (layer.placing and layer.placing.rotation)
    assert far(found, expected)[~edge].max() <= (1.5 if is_easy else 6.0)
    assert far(found, expected)[~edge].mean() <= 0.7
    assert np.abs(found[..., 3] - expected[..., 3]).max() < 0.2
    assert np.abs(found[..., 3] - expected[..., 3]).mean() < 0.005


@pytest.mark.parametrize(("tile", "seam"), [(1.0, 0.15), (2.0, 0.01)])
def test_tiles_cover_the_canvas(placer: Placer, tile: float, seam: float) -> None:
    layer = plan(0.37, rotation=20.0, tile=tile, crop_left=0.2)
    data = picture(SIZE)
    found, expected = lay(placer, layer, data), wanted(layer, data)
    assert found[..., 3].min() > 0.99
    assert (far(found, expected) > 2.0).any(-1).mean() <= seam


def test_a_layer_that_is_scaled_has_no_fringe(placer: Placer) -> None:
    """Green that is transparent does not bleed into an opaque red, nor does black."""
    data = np.zeros((*SIZE[::-1], 4))
    data[...] = (0.0, 1.0, 0.0, 0.0)
    data[14:40, 24:72] = (1.0, 0.0, 0.0, 1.0)
    for scale in (0.3, 0.7, 1.6):
        found = lay(placer, plan(scale, rotation=17.0), data)
        seen = found[..., 3] > 0.02
        assert found[..., 1].max() == 0.0
        assert np.abs(found[seen][:, 0] / found[seen][:, 3] - 1).max() < 0.01


def test_light_is_kept_when_fine_stripes_become_small(placer: Placer) -> None:
    """Stripes of one pixel are half the light, and do not sparkle."""
    data = np.ones((*SIZE[::-1], 4))
    data[:, ::2, :3] = 0.0
    for scale in (0.5, 0.25, 0.1, 0.06):
        found = lay(placer, plan(scale, x=0.013), data)
        inside = found[found[..., 3] > 0.999]
        assert len(inside)
        assert np.abs(inside[:, :3] - 0.5).max() < 0.05, scale


def test_what_is_cropped_away_costs_nothing_and_shows_nothing(placer: Placer) -> None:
    assert lay(placer, plan(crop_left=0.6, crop_right=0.4), picture(SIZE)).max() == 0.0
