"""Mean light of parts of a picture: linear, in place, of the picture before."""

from __future__ import annotations

import moderngl
import numpy as np
import pytest

from engine.compositor.light import Light
from tests.compositor.srgb import decode


@pytest.mark.parametrize(("size_px", "grid"), [((64, 48), (16, 8)), ((40, 30), (40, 30))])
def test_the_light_of_the_picture_before_is_exact(
    ctx: moderngl.Context, size_px: tuple[int, int], grid: tuple[int, int]
) -> None:
    light = Light(ctx)
    rng = np.random.default_rng(1)
    shape = (size_px[1], size_px[0], 4)
    pictures = [rng.integers(0, 256, shape, np.uint8) for _ in range(3)]
    textures = [ctx.texture(size_px, 4, each.tobytes()) for each in pictures]
    found = [light.ask(each, grid) for each in textures]
    assert found[0] is None
    assert light.ask(textures[0], (2, 2)) is None  # each size has its own
    parts = (grid[1], size_px[1] // grid[1], grid[0], size_px[0] // grid[0], 3)
    for picture, got in zip(pictures, found[1:], strict=False):
        want = decode(picture[..., :3] / 255.0).reshape(parts).mean(axis=(1, 3))
        assert got is not None
        assert np.abs(got - want).max() < 0.001
    light.release()


def test_a_large_picture_is_not_biased(ctx: moderngl.Context) -> None:
    """A lattice of its pixels is seen, each on its own: dark and bright ones mix as light does."""
    noise = np.random.default_rng(2).integers(0, 2, (720, 1280, 1), np.uint8) * np.uint8(255)
    texture = ctx.texture((1280, 720), 4, np.repeat(noise, 4, axis=2).tobytes())
    light = Light(ctx)
    light.ask(texture, (32, 18))
    found = light.ask(texture, (32, 18))
    assert found is not None
    assert abs(float(found.mean()) - 0.5) < 0.02
    light.release()
