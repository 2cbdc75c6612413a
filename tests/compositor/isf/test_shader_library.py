"""The shaders that we ship say what they are, and draw well over all their ranges and sizes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.compositor.gl.context import collect
from engine.compositor.gl.surface import make_surface, release
from engine.compositor.isf.check import SOUNDS, probe_picture, probe_sound, unused
from engine.compositor.isf.passes import History, Kit, run
from engine.compositor.isf.shader import Shader, compile_shader, release_shader
from engine.core.frame.plan import Pass
from engine.core.isf.header import parse
from engine.core.isf.inputs import Input
from tests.places import SHADERS

# What draws a layer of text reads letters, not a picture: see tests/compositor/test_lettering.py.
NAMES = sorted(path.stem for path in SHADERS.glob("*.fs") if path.stem != "lettering")
TRANSITIONS = [n for n in NAMES if '"Transition"' in (SHADERS / f"{n}.fs").read_text("utf-8")]
TINY_PX, SMALL_PX, LARGE_PX = (256, 144), (320, 180), (640, 360)
STEPS = 4
# At this end all is one colour, and has to be: (shader, input) → why.
PLAIN = {
    ("fade", "through"): "half way it is the colour between",
    ("strobe", "depth"): "between two flashes it is dark",
    ("strike", "light"): "its 0 is black",
    ("slits", "open"): "closed",
    ("breathe", "exposure"): "four stops less",
    ("grade", "gain"): "its 0 is black",
    ("split", "at"): "nothing is shown at 0",
    ("stencil", "threshold"): "everything is on one side",
    ("stripes", "count"): "at 80 they are finer than the pixels of so small a picture",
    ("solid", "light"): "one colour is what it is for",
}
Drawn = NDArray[np.float32]
picture_of = functools.cache(probe_picture)


class Stage:
    """One shader over the test pictures, at one size."""

    def __init__(self, ctx: moderngl.Context, shader: Shader, size_px: tuple[int, int]) -> None:
        self._ctx, self._shader, self._size_px = ctx, shader, size_px
        self._kit, self._out = Kit(ctx, 60.0), make_surface(ctx, size_px)
        self._images: dict[str, Any] = {}
        variant = 0
        for item in shader.header.inputs:
            if item.type == "image":
                self._give(item.name, picture_of(size_px, min(variant, 1)), "f2")
                variant += 1
            elif item.type in SOUNDS:
                self._give(item.name, probe_sound(item.type, True), "f4")

    def _give(self, name: str, data: NDArray[Any], dtype: str) -> None:
        size_px = (data.shape[1], data.shape[0])
        texture = self._ctx.texture(size_px, 4, data.tobytes(), dtype=dtype)
        texture.repeat_x = texture.repeat_y = False
        self._images[name] = texture

    def draw(self, inputs: Mapping[str, Any], seconds: float = 2.0) -> Drawn:
        """Picture after some steps: display-referred RGBA, row 0 at the bottom."""
        history = History(self._shader.name)
        for step in range(STEPS if self._shader.is_stepped else 1):
            self._ctx.disable(moderngl.BLEND)
            now = Pass("a", "a", inputs, {}, seconds + step / 60, step)
            run(self._kit, self._shader, now, self._images, history, self._out, True)
        data = self._out.fbo.read(components=4, dtype="f2")
        for surface in history.targets.values():
            release(surface)
        return np.frombuffer(data, np.float16).astype(np.float32).reshape(*self._size_px[::-1], 4)

    def close(self) -> None:
        for texture in self._images.values():
            texture.release()
        release(self._out)
        self._kit.release()
        collect(self._ctx)


def ends(item: Input) -> list[Any]:
    """Values at the ends of an input's range; every one of a choice."""
    if item.values:
        return list(item.values)
    if item.type == "bool":
        return [False, True]
    if item.type in ("long", "float"):
        whole = int if item.type == "long" else float
        assert isinstance(item.low, float)
        assert isinstance(item.high, float)
        return [whole(item.low), whole(item.high)]
    return [item.low, item.high] if item.type == "point2D" else []


def squares(picture: Drawn, rows: int = 6) -> Drawn:
    """Means of premultiplied colour over large squares [shape=(rows, columns, 3)]."""
    rgb = picture[..., :3] * picture[..., 3:]
    side = picture.shape[0] // rows
    columns = picture.shape[1] // side
    return rgb[: rows * side, : columns * side].reshape(rows, side, columns, side, 3).mean((1, 3))


@pytest.mark.parametrize("name", NAMES)
def test_every_header_says_what_a_person_needs(name: str) -> None:
    found = parse((SHADERS / f"{name}.fs").read_text("utf-8"), name)
    assert found.credit == "Latent Cinema"
    assert len(found.description) > 10
    assert found.description.endswith(".")
    assert found.categories
    for item in found.inputs:
        if item.type not in ("image",):
            assert item.label, item.name
        if item.type in ("float", "long", "point2D"):
            assert item.low < item.high, item.name


@pytest.mark.parametrize("name", NAMES)
def test_no_end_of_a_range_spoils_the_picture(ctx: moderngl.Context, name: str) -> None:
    """Finite, within black and white, not all one colour, whatever one fader says."""
    shader = compile_shader(ctx, name, (SHADERS / f"{name}.fs").read_text("utf-8"), is_raw=True)
    assert unused(shader) == []
    base: dict[str, Any] = {"progress": 0.5} if name in TRANSITIONS else {}
    stage = Stage(ctx, shader, TINY_PX)
    try:
        for item in shader.header.inputs:
            for value in ends(item):
                found = stage.draw({**base, item.name: value})
                where = f"{item.name} = {value}"
                assert np.isfinite(found).all(), where
                assert found.min() >= -2e-3, where
                assert found[..., 3].max() <= 1.002, where
                assert found[..., :3].max() < 20.0, where  # four stops beyond white are kept
                if (name, item.name) not in PLAIN:
                    shown = found[..., :3] * found[..., 3:]
                    assert np.ptp(shown, axis=(0, 1)).max() > 0.02, where
    finally:
        stage.close()
        release_shader(shader)


@pytest.mark.parametrize("name", NAMES)
def test_every_size_shows_the_same(ctx: moderngl.Context, name: str) -> None:
    shader = compile_shader(ctx, name, (SHADERS / f"{name}.fs").read_text("utf-8"))
    inputs = {"progress": 0.5} if name in TRANSITIONS else {}
    drawn = []
    for size_px in (SMALL_PX, LARGE_PX):
        stage = Stage(ctx, shader, size_px)
        drawn.append(squares(stage.draw(inputs)))
        stage.close()
    release_shader(shader)
    assert np.abs(drawn[0] - drawn[1]).mean() < 0.04


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_begins_and_ends_with_its_pictures(ctx: moderngl.Context, name: str) -> None:
    """To the bit of 8: so that a deck may cut to and from it."""
    shader = compile_shader(ctx, name, (SHADERS / f"{name}.fs").read_text("utf-8"))
    stage = Stage(ctx, shader, SMALL_PX)
    for progress, variant in ((0.0, 0), (1.0, 1)):
        found = stage.draw({"progress": progress})
        wanted = picture_of(SMALL_PX, variant).astype(np.float32)
        assert np.abs(found - wanted).max() < 2.0 / 255.0
    middle = stage.draw({"progress": 0.5})
    assert all(np.abs(middle - picture_of(SMALL_PX, v)).mean() > 0.02 for v in (0, 1))
    stage.close()
    release_shader(shader)


def test_there_are_enough() -> None:
    assert len(NAMES) >= 60
    assert len(TRANSITIONS) >= 8
