"""Optical flow between two frames: what moves is moved, what does not match is faded."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.enlarge import Enlarger, is_flowing
from engine.compositor.frames.flow import Flow, levels
from engine.compositor.gl.surface import Pool
from engine.compositor.isf.passes import Kit


@pytest.fixture
def flow(ctx: moderngl.Context) -> Iterator[Flow]:
    pool = Pool(ctx)
    made = Flow(ctx, pool)
    yield made
    made.release()
    pool.clear()


def pattern(x: Any, y: Any) -> Any:
    """A smooth picture anywhere in the plane [shape=(H, W, 4)]."""
    light = 0.5 + 0.2 * np.sin(9 * x + 2 * np.sin(5 * y)) + 0.2 * np.cos(11 * y - 3 * x * x)
    return np.stack([light, 0.9 * light, 1 - light, np.ones_like(light)], -1)


def grid(size_px: tuple[int, int]) -> Any:
    width, height = size_px
    y, x = np.mgrid[:height, :width] + 0.5
    return x / height, y / height


def between(
    ctx: moderngl.Context,
    older: Any,
    newer: Any,
    weight: float = 0.5,
    numbers: tuple[int, int] = (1, 2),
) -> Any:
    def texture(data: Any) -> moderngl.Texture:
        height, width, _ = data.shape
        made = ctx.texture((width, height), 4, data.astype(np.float16).tobytes(), dtype="f2")
        made.repeat_x = made.repeat_y = False
        return made

    return SimpleNamespace(
        older=texture(older), newer=texture(newer), weight=weight, numbers=numbers, is_flow=True
    )


def read(surface: Any) -> Any:
    width, height = surface.size_px
    return np.frombuffer(surface.texture.read(), np.float16).reshape(height, width, 4).astype(float)


def psnr_db(found: Any, true: Any) -> float:
    return float(-10 * np.log10(np.mean((found - true)[6:-6, 6:-6] ** 2)))


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("size_px", [(96, 96), (144, 80)])
def test_what_turned_and_moved_is_where_it_is_half_way(
    ctx: moderngl.Context, flow: Flow, weight: float, size_px: tuple[int, int]
) -> None:
    x, y = grid(size_px)

    def at(share: float) -> Any:
        turn = 0.12 * share
        u, v = x - 0.5 - 0.04 * share, y - 0.5
        across, along = np.cos(turn), np.sin(turn)
        return pattern(across * u + along * v, across * v - along * u)

    pixels = between(ctx, at(0), at(1), weight)
    found = read(flow.draw(pixels))
    faded = (1 - weight) * at(0) + weight * at(1)
    assert psnr_db(found, at(weight)) > psnr_db(faded, at(weight)) + 5.0
    assert (found[..., 3] > 0.999).all()


def test_the_flow_is_found_once_for_a_pair(ctx: moderngl.Context, flow: Flow) -> None:
    x, y = grid((64, 64))
    pixels = between(ctx, pattern(x, y), pattern(x + 0.02, y))
    first = flow.between(pixels)
    assert flow.between(pixels) is first
    field = read(first)[12:-12, 12:-12]
    assert np.abs(field[..., 0] + 0.02).max() < 0.006  # as a share of the width
    assert np.abs(field[..., 1]).max() < 0.006
    assert flow.between(SimpleNamespace(**{**vars(pixels), "numbers": (2, 3)})) is not first
    for number in range(3, 30):
        pixels.numbers = (number, number + 1)
        flow.between(pixels)
    assert len(flow._kept) == 8


def test_what_has_nothing_in_common_is_faded(ctx: moderngl.Context, flow: Flow) -> None:
    rng = np.random.default_rng(1)
    older, newer = rng.uniform(0.2, 0.8, (2, 48, 48, 4))
    older[..., 3] = newer[..., 3] = 1.0
    found = read(flow.draw(between(ctx, older, newer)))
    assert np.abs(found - (older + newer) / 2).mean() < 0.1


def test_clear_parts_stay_clear_and_flat_pictures_do_not_break(
    ctx: moderngl.Context, flow: Flow
) -> None:
    flat = np.full((1, 1, 4), 0.5)
    assert np.abs(read(flow.draw(between(ctx, flat, flat))) - 0.5).max() < 0.01
    x, y = grid((64, 64))
    older, newer = pattern(x, y), pattern(x + 0.05, y)
    older[:32, :, 3] = newer[:32, :, 3] = 0.0
    found = read(flow.draw(between(ctx, older, newer, numbers=(8, 9))))
    assert np.isfinite(found).all()
    assert found[:24, :, 3].max() < 0.01
    assert found[40:, :, 3].min() > 0.99


def test_levels_go_down_to_what_a_window_can_see() -> None:
    assert levels((512, 512)) == [(128, 128), (64, 64), (32, 32), (16, 16)]
    assert levels((1024, 64)) == [(128, 8)]
    assert levels((1, 1)) == [(1, 1)]
    assert levels((64, 36))[0] == (64, 36)


def test_a_layer_is_moved_only_between_pictures(ctx: moderngl.Context) -> None:
    """At both ends, and between equal pictures, it is the plain path, to the bit."""
    x, y = grid((48, 48))
    kit = Kit(ctx, 60.0)
    enlarger = Enlarger(kit)
    pixels = between(ctx, pattern(x, y), pattern(x + 0.05, y))
    assert is_flowing(pixels)
    plain = SimpleNamespace(**{**vars(pixels), "is_flow": False})
    half = read(enlarger.draw(pixels, (96, 96)))
    assert np.abs(half - read(enlarger.draw(plain, (96, 96)))).max() > 0.02
    for weight in (0.0, 1.0):
        pixels.weight = plain.weight = weight
        assert np.array_equal(
            read(enlarger.draw(pixels, (96, 96))), read(enlarger.draw(plain, (96, 96)))
        )
    enlarger.release()
    kit.release()
