"""A sheet: its middle is the other layer's picture, and it follows that layer's latent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.frame.advance import advance
from engine.core.frame.sample import requests_at
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.documents.take.models import fingerprints
from engine.generators import registry
from engine.play.pixels.slot import worker_spec_of

SHOW = """schema = 1
size_px = [160, 90]
[[layers]]
id = "around"
sheet = { of = "form", columns = 3, rows = 3, spread = 0.3, gap = 0.0 }
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
speed = 1.0
"""


def show_of(folder: Path, text: str) -> Show:
    (folder / "mine.toml").write_text(text, "utf-8")
    return load.load(str(folder / "mine.toml")).show


def requests(show: Show, ticks: int) -> dict[str, Request]:
    state = first_state(show)
    for tick in range(ticks):
        state = advance(show, state, tick)
    return requests_at(show, state, (ticks - 1) / 120, ["around", "form"])


def test_it_is_asked_with_the_latents_and_parameters_of_the_other_layer(tmp_path: Path) -> None:
    show = show_of(tmp_path, SHOW)
    assert all(path.name.startswith("/layer/form/") for path in show.paths)
    for ticks in (1, 40):
        found = requests(show, ticks)
        for port, latent in found["form"].latents.items():
            assert (found["around"].latents[port] == latent).all()
        assert found["around"].parameters.items() >= found["form"].parameters.items()
        assert found["around"].parameters["spread"] == 0.3


def test_its_middle_cell_is_the_picture_and_the_others_lie_around(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    show = show_of(tmp_path, SHOW)
    by_id = {layer.id: layer.generator for layer in show.layers if layer.generator}
    kinds = {n: registry.open_spec(g.kind, g.config) for n, g in by_id.items()}
    sheet, form = (registry.build(kinds[name], "cpu") for name in ("around", "form"))
    asked = replace(requests(show, 30)["around"], size_px=(240, 135))
    pixels, _ = sheet.render(asked, None)
    own = {p.address for p in kinds["form"].spec.parameters}
    cells = [
        sheet._cell(replace(asked, latents=each), (160, 90)) for each in sheet._cells(asked, 0.3)
    ]
    inner = {k: v for k, v in asked.parameters.items() if k in own}
    alone, _ = form.render(replace(asked, size_px=(160, 90), parameters=inner), None)
    assert (cells[4] - alone.clamp(0.0, 1.0)).abs().max() < 1e-5
    assert pixels.shape == (1, 4, 135, 240)
    differences = [float((each - cells[4]).abs().mean()) for each in cells]
    assert differences[4] == 0.0
    assert min(d for k, d in enumerate(differences) if k != 4) > 1e-3
    again, _ = sheet.render(asked, None)
    assert (again == pixels).all()


def test_cells_are_apart_as_far_as_the_spread_says(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    show = show_of(tmp_path, SHOW)
    generator = next(layer.generator for layer in show.layers if layer.id == "around")
    sheet = registry.build(registry.open_spec(generator.kind, generator.config), "cpu")
    asked = requests(show, 1)["around"]
    port = sheet.spec.ports[0].name
    found = [each[port].ravel().astype(float) for each in sheet._cells(asked, 0.3)]
    middle = asked.latents[port].ravel().astype(float)
    assert np.allclose(found[4], middle)
    for k in (1, 3, 5, 7):
        cosine = found[k] @ middle / np.linalg.norm(found[k]) / np.linalg.norm(middle)
        assert abs(np.arccos(cosine) - 0.3) < 1e-3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('of = "form"', 'of = "around"', r"sheet\.of: no layer 'around' with a generator"),
        ("columns = 3", "columns = 99", "a sheet has 1 to 64"),
        ('kind = "cppn"\n[layers.path]\nspeed = 1.0', 'kind = "flat"', "not drawn from latents"),
        ("spread = 0.3", "spread = 9.0", "takes a number from 0 to 1.5"),
    ],
)
def test_what_cannot_be_a_sheet_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SHOW
    with pytest.raises(ShowError, match=said):
        show_of(tmp_path, SHOW.replace(old, new))


def test_it_names_the_files_of_the_network_so_that_a_new_one_is_noticed(tmp_path: Path) -> None:
    network = assets_dir("presets") / "networks" / "earth.safetensors"
    (tmp_path / "mine.safetensors").write_bytes(network.read_bytes())
    text = SHOW.replace('"cppn"', '"stylegan2"\nconfig = { path = "mine.safetensors" }')
    show = show_of(tmp_path, text)
    made = {layer.id: layer.generator for layer in show.layers}
    around, form = made["around"], made["form"]
    assert around is not None
    assert form is not None
    (sheet,), (own,) = (registry.files(each.kind, each.config) for each in (around, form))
    assert (sheet.key, sheet.path) == ("config.path", own.path)
    assert sheet.path == str(tmp_path / "mine.safetensors")
    before = worker_spec_of(show, "around", around)
    (tmp_path / "mine.safetensors").write_bytes(network.read_bytes() + b" ")
    assert worker_spec_of(show, "around", around) != before
    marks = fingerprints(show)
    assert marks[0]["config.path"] == own.path
