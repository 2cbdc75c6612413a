"""Layers of a show file: their shaders, by the addresses and files that they get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.core.frame.sample import sample
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.documents.show.saving.save import live_values, with_values
from engine.documents.take.content_store import manifest, read_show
from tests.making import read_show as made

MIX = """/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"},
{"NAME": "mix", "TYPE": "float", "DEFAULT": 0.5}]}*/
void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(inputImage).rgb * mix, 1.0); }
"""
SHOW = """schema = 1
name = "layers"
size_px = [64, 36]
[[layers]]
id = "a"
[layers.generator]
kind = "flat"
[[layers.effects]]
"""


def test_an_input_called_mix_stands_beside_the_mix_of_the_effect(tmp_path: Path) -> None:
    (tmp_path / "My mix (2).fs").write_text(MIX)
    path = tmp_path / "show.toml"
    path.write_text(f'{SHOW}shader = "My mix (2)"\nmix = 0.75\ninputs = {{ mix = 0.25 }}\n')
    loaded = load.load(str(path))
    own, of_input = "/layer/a/effect/My_mix__2_/mix", "/layer/a/effect/My_mix__2_/input/mix"
    values = live_values(loaded.show, first_state(loaded.show))
    assert (values[own], values[of_input]) == (0.75, 0.25)
    index = loaded.show.registry.index
    assert index["/layer/a/effect/My mix (2)/mix"] == index[own]  # as in older takes
    saved = with_values(loaded.text, loaded.show, values | {own: 0.125, of_input: 1.0}, -1)
    path.write_text(saved)
    found = load.load(str(path)).show
    values = live_values(found, first_state(found))
    assert (values[own], values[of_input]) == (0.125, 1.0)


def test_a_take_holds_all_files_of_a_shader(tmp_path: Path) -> None:
    folder, take = tmp_path / "show", tmp_path / "take"
    (take / "blobs").mkdir(parents=True)
    folder.mkdir()
    Image.new("RGB", (3, 2), (9, 8, 7)).save(folder / "p.png")
    (folder / "g.fs").write_text(
        '/*{"IMPORTED": {"p": {"PATH": "p.png"}}}*/\nvarying vec2 c;\n'
        "void main() { gl_FragColor = IMG_NORM_PIXEL(p, c); }"
    )
    (folder / "g.vs").write_text(
        "varying vec2 c;\nvoid main() { isf_vertShaderInit(); c = vec2(0.5); }"
    )
    loaded = load.load(str(folder / "g.fs"))
    name, blobs = manifest(loaded.text, loaded.show)
    for each, data in blobs.items():
        (take / "blobs" / each.removeprefix("sha256:")).write_bytes(data)
    for file in folder.iterdir():
        file.unlink()
    show = read_show(take, name)
    assert show.shaders == loaded.show.shaders
    assert "vertShaderInit" in show.shaders["g"]
    assert np.array_equal(show.pictures["g/p"], loaded.show.pictures["g/p"])
    assert show.pictures["g/p"].shape == (2, 3, 4)


def test_what_is_between_frames_and_how_they_are_enlarged_is_said_by_the_layer() -> None:
    text = '[[layers]]\nid = "a"\nin_between = "flow"\nupscale = "network"\n{}'
    show = made(text.format('[layers.generator]\nkind = "flat"\n'))
    place = show.registry.index["/layer/a/in_between"]
    assert show.registry.parameters[place].choices[int(first_state(show).base[place])] == "flow"
    assert show.layers[0].generator is not None
    assert show.layers[0].generator.in_between == place
    assert show.layers[0].upscale == "network"


@pytest.mark.parametrize("key", ['in_between = "flow"', 'upscale = "spline"'])
def test_a_layer_without_a_generator_has_no_frames(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key.split()[0]}: only a layer"):
        made(f'[[layers]]\nid = "a"\n{key}\nsource = {{ shader = "field" }}\n')


def test_a_render_scale_is_a_part(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    text = SHOW.replace("[[layers.effects]]\n", "")
    path.write_text(text.replace('id = "a"', 'id = "a"\nrender_scale = 0.5'))
    assert load.load(str(path)).show.layers[0].render_scale == 0.5
    path.write_text(text.replace('id = "a"', 'id = "a"\nrender_scale = 0.05'))
    with pytest.raises(load.ShowError, match=r"render_scale: 0.05 is outside 0.1 to 1"):
        load.load(str(path))


@pytest.mark.parametrize(
    ("more", "at", "is_drawn"),
    [
        ("", "inputs = { gain = 1.0 }", False),  # at rest, as its author says
        ("", "inputs = { gain = 0.5 }", True),
        (', {"NAME": "way", "TYPE": "point2D", "IDENTITY": [0.25, 0.75]}',
         "inputs = { gain = 1.0, way = [0.25, 0.75] }", False),
        (', {"NAME": "way", "TYPE": "point2D", "IDENTITY": [0.25, 0.75]}',
         "inputs = { gain = 1.0, way = [0.25, 0.5] }", True),
        (', {"NAME": "way", "TYPE": "point2D"}', "inputs = { gain = 1.0 }", True),  # who knows
    ],
)  # fmt: skip
def test_an_effect_at_the_identity_of_all_its_inputs_is_left_out(
    tmp_path: Path, more: str, at: str, is_drawn: bool
) -> None:
    (tmp_path / "gain.fs").write_text(
        '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}, {"NAME": "gain", "TYPE": "float", '
        f'"MIN": 0, "MAX": 2, "IDENTITY": 1.0}}{more}]}}*/\n'
        "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage) * gain; }"
    )
    path = tmp_path / "show.toml"
    path.write_text(f'{SHOW}shader = "gain"\n{at}\n')
    show = load.load(str(path)).show
    assert bool(sample(show, first_state(show), 0.0).layers[0].effects) is is_drawn
