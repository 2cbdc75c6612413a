"""Every key of the table of a layer, on every kind of layer: it does something, or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from PIL import Image

from engine.compositor.compose import Compositor
from engine.core.show.show import Show
from engine.documents.schema import LayerTable
from engine.documents.show import load
from engine.play.line import draw, load_shaders
from tests.generators.media.clips import make_clip
from tests.making import line_of

SOURCES = {
    "generator": 'generator = { kind = "cppn", config = { network_seed = 1 } }',
    "source": 'source = { shader = "cells" }',
    "solid": "solid = { colour = [1.0, 0.5, 0.0, 0.5] }",
    "text": 'text = { text = "xoxo" }',
    "sheet": 'sheet = { of = "maker" }',
    "picture": 'file = "card.png"',
    "film": 'file = "clip.mp4"',
    "uses": 'uses = "maker"',
    "group": "",
    "member": 'group = "box"\nsource = { shader = "cells" }',
}
"""Kind of a layer → what makes it that kind."""
VALUES = {
    "group": '"box"', "blend": '"difference"', "blend_space": '"display"', "opacity": "0.5",
    "solo": "true", "mute": "true", "scale": "0.5", "x": "0.25", "y": "0.25", "rotation": "45.0",
    "anchor_x": "0.1", "anchor_y": "0.1", "fit": '"fill"', "crop_left": "0.45",
    "crop_right": "0.45", "crop_top": "0.45", "crop_bottom": "0.45", "mirror": '"both"',
    "tile": '"repeat"', "aspect": "0.5", "generator": '{ kind = "flat" }', "file": '"other.png"',
    "film": "{ speed = 0.5 }", "in_between": '"flow"', "uses": '"second"', "upscale": '"spline"',
    "render_scale": "0.5", "source": '{ shader = "field" }', "text": '{ text = "other" }',
    "solid": "{ colour = [0.0, 0.0, 1.0, 1.0] }", "sheet": '{ of = "second" }',
    "path": "{ speed = 0.7 }", "path_b": "{ speed = 0.7 }", "path_c": "{ speed = 0.7 }",
    "path_d": "{ speed = 0.7 }", "paths": "{ z = { speed = 0.7 } }",
    "effects": '[{ shader = "levels" }]', "deck": '"b"',
}  # fmt: skip
"""Key → a value that is none of its own."""
BESIDE = """
[[layers]]
id = "maker"
generator = { kind = "cppn" }
[[layers]]
id = "second"
generator = { kind = "cppn" }
[[layers]]
id = "box"
[[layers]]
id = "inside"
group = "box"
solid = { colour = [0.0, 0.2, 0.1, 1.0] }
"""
MEMBER = '[[layers]]\nid = "in_it"\ngroup = "it"\nsource = { shader = "cells" }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    for name, grey in (("card", 90), ("other", 30)):
        Image.new("RGB", (8, 4), (grey,) * 3).save(made / f"{name}.png")
    make_clip(made / "clip.mp4", 10)
    return made


def show_of(folder: Path, kind: str, key: str = "", beside: str = BESIDE, more: str = "") -> Show:
    """A show with a layer of a kind, and a key of it that does not say what it shows."""
    lines = [line for line in SOURCES[kind].splitlines() if not key or line.split()[0] != key]
    if key:
        lines.append(f"{key} = {VALUES[key]}")
    text = 'schema = 1\nname = "keys"\nsize_px = [64, 36]\n' + beside
    text += f'[[layers]]\nid = "it"\n{more}' + "\n".join(lines) + "\n"
    path = folder / "show.toml"
    path.write_text(text + (MEMBER if kind == "group" else ""), "utf-8")
    return load.load(str(path)).show


def content(show: Show) -> str:
    """What a show is made of, as text."""
    layers = [[repr(getattr(layer, f.name)) for f in fields(layer)] for layer in show.layers]
    return repr((layers, show.registry.parameters, show.decks, sorted(show.shaders)))


def test_all_keys_are_listed() -> None:
    assert set(LayerTable.__struct_fields__) == {"id", *VALUES}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_key_does_something_or_is_refused(folder: Path, kind: str) -> None:
    plain = content(show_of(folder, kind))
    used, refused, places = [], [], []
    for key in VALUES:
        if f"{key} = {VALUES[key]}" in SOURCES[kind]:
            continue
        try:
            found = content(show_of(folder, kind, key))
        except load.ShowError as error:
            places.append(str(error).partition("layers[")[1])
            refused.append(key)
            continue
        assert found != plain, f"{key} is taken and does nothing"
        used.append(key)
    assert all(places)
    assert {"opacity", "blend", "scale", "effects", "mute"} <= set(used)
    assert ("path" in used) == (kind == "generator")
    assert ("aspect" in refused) == (kind == "group")
    assert ("deck" in refused) == (kind == "member")


PLACING = (
    "blend", "blend_space", "opacity", "solo", "mute", "scale", "x", "y", "rotation", "anchor_x",
    "anchor_y", "crop_left", "crop_right", "crop_top", "crop_bottom", "mirror", "tile",
    "render_scale", "effects",
)  # fmt: skip
UNDER = '[[layers]]\nid = "under"\nsource = { shader = "gradient" }\nopacity = 0.6\n'
BOX = '[[layers]]\nid = "box"\n' + UNDER.replace('"under"', '"below"\ngroup = "box"')
MORE = {
    "anchor_x": "rotation = 30.0\n", "anchor_y": "rotation = 30.0\n", "tile": "scale = 0.4\n",
    "blend_space": 'blend = "screen"\n',
}  # fmt: skip
"""Without which a key has nothing to do."""


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, (64, 36))
    yield made
    made.close()


def drawn(compositor: Compositor, show: Show) -> bytes:
    load_shaders(compositor, show)
    line, at = line_of(show), Fraction(1)
    nothing: Any = type("P", (), {"of": lambda *_: {}, "see": lambda *_: None})()
    steps = line.control(at, lambda _: ())
    return np.array(draw(compositor, nothing, steps, line.plan(at)).read("rgb24")).tobytes()


@pytest.mark.parametrize("kind", ["source", "solid", "text", "group", "member"])
def test_where_a_layer_lies_is_seen(folder: Path, compositor: Compositor, kind: str) -> None:
    beside = UNDER + (BOX if kind == "member" else "")
    seen = []
    for key in PLACING:
        more = MORE.get(key, "") + ("" if key == "opacity" else "opacity = 0.7\n")
        plain = drawn(compositor, show_of(folder, kind, "", beside, more))
        if drawn(compositor, show_of(folder, kind, key, beside, more)) != plain:
            seen.append(key)
    flat = {"mirror", "render_scale"} if kind == "solid" else set()  # one colour all over
    assert set(PLACING) - set(seen) <= flat
