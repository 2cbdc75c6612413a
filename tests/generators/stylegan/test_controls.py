"""Alpha all the way: a network's fourth channel is what the layers below are seen through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.documents.show import load
from engine.generators.stylegan.controls import over_black, present
from tests import model_files
from tests import stylegan_files as files
from tests.performing import play, succeed

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
NET = """[[layers]]
id = "net"
[layers.generator]
kind = "stylegan2"
size_px = 64
config = { path = "net.safetensors" }
"""
WHITE = """[[layers]]
id = "ground"
[layers.source]
shader = "white"
"""
HEAD = "schema = 1\nsize_px = [64, 64]\n"


def network(folder: Path, channels: int) -> Path:
    """A golden network that draws more channels, or fewer."""
    name = model_files.NETWORKS[0]
    modules, state = model_files.golden(name)
    for key in [key for key in state if ".torgb.weight" in key or ".torgb.bias" in key]:
        state[key] = np.concatenate([state[key]] * 2)[:channels]
    for module in modules.values():
        if "img_channels" in module:
            module["img_channels"] = channels
    files.save(folder / "net.safetensors", "stylegan2", state, modules)
    (folder / "white.fs").write_text(
        '/*{"ISFVSN": "2"}*/\nvoid main() { gl_FragColor = vec4(1.0); }\n'
    )
    return folder


def film(folder: Path, name: str, text: str) -> np.ndarray[Any, Any]:
    (folder / f"{name}.toml").write_text(HEAD + text)
    out = folder / f"{name}-%02d.png"
    succeed("export", folder / f"{name}.toml", out, "--duration", "0.1", "--fps", 10)
    with Image.open(folder / f"{name}-00.png") as picture:
        return np.asarray(picture).astype(float) / 255.0


def raw(folder: Path, out: str) -> Path:
    path = folder / out
    succeed("model", "sample", folder / "net.safetensors", "--seeds", "0-2", "--out", path)
    return path


def test_what_lies_below_is_seen_through_a_fourth_channel(tmp_path: Path) -> None:
    """Case field/18: it was dropped, and nobody said so."""
    folder = network(tmp_path, 4)
    over = film(folder, "over", WHITE + NET)
    alone = film(folder, "alone", NET)
    assert np.abs(over - alone).max() > 0.5
    assert (over >= alone - 2 / 255).all()  # white below makes nothing darker


def test_a_sampled_picture_has_it_too(tmp_path: Path) -> None:
    folder = network(tmp_path, 4)
    numbers = np.load(raw(folder, "raw.npy"))
    assert numbers.shape == (3, 4, 64, 64)
    with Image.open(raw(folder, "sheet.png")) as picture:
        assert picture.mode == "RGBA"
        drawn = np.asarray(picture).astype(float)
    wanted = np.clip(numbers[0].transpose(1, 2, 0) * 127.5 + 127.5, 0, 255)
    assert np.abs(drawn[:64, :64] - wanted).max() <= 0.51
    assert not drawn[64:, 64:].any()  # where there is no picture it is open


def test_it_plays_live(tmp_path: Path) -> None:
    folder = network(tmp_path, 4)
    (folder / "show.toml").write_text(HEAD + WHITE + NET)
    with play(folder / "out", folder / "show.toml", "--duration", 4) as playing:
        stats = playing.stats()
    assert "failed" not in playing.said
    assert "pixels" not in playing.said
    assert stats["generators"], stats


def test_two_channels_are_refused_with_layer_and_file(tmp_path: Path) -> None:
    """Case field/17: it was imported without a word, and ended without layer or file."""
    folder = network(tmp_path, 2)
    (folder / "show.toml").write_text(HEAD + NET)
    with pytest.raises(load.ShowError) as error:
        load.load(str(folder / "show.toml"))
    for words in ("layers[0].generator", "net.safetensors", "2 channels, which are no colours"):
        assert words in str(error.value)


def test_a_smaller_picture_mixes_colours_by_how_much_of_them_is_there() -> None:
    picture = torch.full((1, 4, 2, 2), -1.0)
    picture[:, 0] = 1.0  # red, in one corner only: elsewhere open, and black
    picture[:, 3, 0, 0] = 1.0
    picture[:, 0, 1, 1] = -1.0
    small = present(picture, (1, 1))[0, :, 0, 0]
    assert small.tolist() == pytest.approx([1.0, 0.0, 0.0, 0.25], abs=1e-6)
    assert over_black(picture)[0, 0].tolist() == [[1.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_other_numbers_of_channels_are_shown_as_colours(channels: int) -> None:
    drawn = present(torch.zeros(1, channels, 8, 8), (8, 8))
    assert drawn.shape == (1, 3, 8, 8)
    assert (drawn == 0.5).all()
