"""The CPPN as a shader: the pictures of torch within 2/255, whatever is turned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.frames.drawing import Drawer
from engine.compositor.gl.surface import Pool
from engine.core.parameter import Kind
from engine.core.show.generator import Request
from engine.generators.cppn.shader import COUNT, LAYOUT
from engine.generators.editing.bend_ops import BendTable
from engine.generators.kinds import cppn

SEEDS = (42, 7)
TURNED: dict[str, Mapping[str, float]] = {
    "plain": {},
    "form": {"form": 1.0, "black": 0.2},
    "half a form": {"form": 0.4, "scale": 0.5},
    "mirror": {"symmetry": 0.5, "rotation": 0.7, "scale": 2.2, "offset_y": -0.4},
    "light": {"relief": 1.0, "veil": 1.0, "line": 1.0, "warp": 1.7, "palette_mix": 0.3},
    "height": {"height": 0.8, "detail": 1.0, "contrast": 1.6, "palette_shift": 0.3},
    "mixed": {"mix_coarse": 0.3, "mix_fine": 1.0, "truncation": 0.6, "truncation_middle": 1.8},
}


def request(seed: int, parameters: Mapping[str, float], size_px: tuple[int, int]) -> Request:
    rng = np.random.default_rng(seed)
    latents = {name: rng.standard_normal(64).astype(np.float32) for name in ("z", "z_b")}
    return Request(0.0, latents, parameters, size_px, size_px[0] / size_px[1])


def difference(drawer: Drawer, config: cppn.Config, asked: Request) -> float:
    """Largest difference to torch, of 255."""
    drawing = cppn.drawing(config)
    assert drawing is not None
    given = drawing.given(asked)
    surface = drawer.draw(given.numbers, given.tables, asked.size_px)
    width, height = asked.size_px
    found: Any = np.frombuffer(surface.texture.read(), np.float16).reshape(height, width, 4)
    pixels, _ = cppn.build(config).render(asked)
    return float(np.abs(found - pixels[0].permute(1, 2, 0).numpy()).max() * 255)


@pytest.fixture(scope="module")
def drawer(ctx: moderngl.Context) -> Iterator[Drawer]:
    pool = Pool(ctx)
    drawing = cppn.drawing(cppn.Config())
    assert drawing is not None
    made = Drawer(ctx, pool, drawing.passes)
    yield made
    made.release()
    pool.clear()


@pytest.mark.parametrize("name", TURNED)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_picture_is_that_of_torch(drawer: Drawer, name: str, seed: int) -> None:
    for size_px in ((64, 64), (112, 48)):
        asked = request(seed, TURNED[name], size_px)
        assert difference(drawer, cppn.Config(network_seed=seed), asked) <= 2.0


def test_every_number_is_heard(drawer: Drawer) -> None:
    """Each parameter at its other end: none is forgotten."""
    plain = request(3, {}, (64, 64))
    drawing = cppn.drawing(cppn.Config())
    assert drawing is not None
    base = drawing.given(plain)
    for p in cppn.PARAMETERS:
        if p.kind is not Kind.FLOAT or p.address in ("palette_mix", "palette_b"):
            continue
        value = p.high if p.default < p.high else p.low
        asked = request(3, {p.address: value}, (64, 64))
        assert not np.array_equal(drawing.given(asked).numbers, base.numbers), p.address
        assert difference(drawer, cppn.Config(), asked) <= 2.0, p.address


def test_one_latent_is_enough_and_what_is_not_finite_spoils_nothing(drawer: Drawer) -> None:
    asked = request(1, {}, (64, 64))
    z = np.array(asked.latents["z"])
    z[3] = np.nan
    assert difference(drawer, cppn.Config(), Request(0.0, {"z": z}, {}, (64, 64))) <= 2.0


def test_what_cannot_be_drawn_is_left_to_the_process() -> None:
    assert cppn.drawing(cppn.Config(directions="x.safetensors")) is None
    assert cppn.drawing(cppn.Config(bends=(BendTable("body", "invert"),))) is None
    drawing = cppn.drawing(cppn.Config())
    assert drawing is not None
    with pytest.raises(ValueError, match="no latent 'z'"):
        drawing.given(Request(0.0, {}))


def test_the_numbers_fit_what_every_gpu_has() -> None:
    """OpenGL promises blocks of 16 kB."""
    assert COUNT * 16 <= 16384
    assert len(LAYOUT) == len(set(LAYOUT))
