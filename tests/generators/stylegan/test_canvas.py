"""A wall in a show: several latents on one path, its own aspect, jumps, snapshots, films."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.frame.sample import requests_at
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files
from tests.making import read_show, run
from tests.performing import LIMIT_S, play, succeed

POINTS = 5
MOTIONS = ("walk", "keys", "orbit", "still")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = make_stylegan2(32, base=512, most=24, dims=(24, 0, 32), mapping_layers=2)
    return files.save(tmp_path_factory.mktemp("wall") / "net.safetensors", "stylegan2", *net)


def text(model: Path, path: str = "", more: str = "") -> str:
    return f"""
size_px = [320, 90]
[[layers]]
id = "wall"
{more}
[layers.generator]
kind = "stylegan2"
config = {{ path = "{model}", wide = 3.5, points = {POINTS}, closed = true }}
[layers.path]
{path}
"""


def latents(show: Show, state: State, seconds: float = 0.5) -> np.ndarray[Any, Any]:
    return requests_at(show, state, seconds, {"wall"})["wall"].latents["z"].astype(np.float64)


@pytest.mark.parametrize("motion", MOTIONS)
def test_points_go_ways_of_their_own(model: Path, motion: str) -> None:
    show = read_show(text(model, f'motion = "{motion}"\nspeed = 0.5'))
    z = latents(show, run(show, 60))
    assert z.shape == (POINTS, 24)
    near = z / np.linalg.norm(z, axis=1, keepdims=True)
    assert np.abs(near @ near.T - np.eye(POINTS)).max() < (0.9 if motion != "orbit" else 0.999)
    assert np.linalg.matrix_rank(z) >= min(POINTS, 3 if motion == "orbit" else POINTS)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_first_point_is_what_one_point_would_be(model: Path, motion: str) -> None:
    path = f'motion = "{motion}"\nspeed = 0.5'
    many = read_show(text(model, path))
    one = read_show(text(model, path).replace(f"points = {POINTS}", "points = 1"))
    alone = latents(one, run(one, 60))
    assert alone.shape == (24,)
    assert np.array_equal(latents(many, run(many, 60))[0], alone)


def test_without_spread_there_is_one_style_everywhere(model: Path) -> None:
    show = read_show(text(model, "spread = 0.0"))
    z = latents(show, run(show, 60))
    assert np.array_equal(z, np.repeat(z[:1], POINTS, axis=0))
    wide = run(show, 60, [(10, "/layer/wall/path/spread", 1.0)])
    assert np.linalg.matrix_rank(latents(show, wide)) == POINTS
    half = latents(show, run(show, 60, [(10, "/layer/wall/path/spread", 0.5)]))
    assert np.linalg.norm(half - z) < np.linalg.norm(latents(show, wide) - z)


def test_a_jump_takes_every_point_along_and_survives_a_snapshot(model: Path) -> None:
    show = read_show(text(model, "speed = 0.5\njump_s = 1.0"))
    before = latents(show, run(show, 60))
    state = run(show, 66, [(61, "/layer/wall/path/jump", 1.0)])
    after = latents(show, state, 66 / 120)
    far = latents(show, run(show, 300, [(61, "/layer/wall/path/jump", 1.0)]), 300 / 120)
    for point in range(POINTS):
        assert np.linalg.norm(after[point] - before[point]) < 0.5
        assert np.linalg.norm(far[point] - before[point]) > 1.0
    again = from_data(show, to_data(show, state))
    assert np.array_equal(latents(show, again, 0.6), latents(show, state, 0.6))
    # Into a show with another number of points the flight is given up, nothing else.
    fewer = read_show(text(model).replace(f"points = {POINTS}", "points = 3"))
    assert latents(fewer, from_data(fewer, to_data(show, state))).shape == (3, 24)


def test_a_network_is_shown_at_its_own_size_and_aspect(model: Path) -> None:
    show = read_show(text(model))
    request = requests_at(show, run(show, 1), 0.01, {"wall"})["wall"]
    assert request.size_px[0] >= 112
    assert request.size_px[1] >= 32
    assert show.layers[0].aspect == pytest.approx(3.5)
    whole = read_show(text(model, more='aspect = "canvas"'))
    assert whole.layers[0].aspect == 0.0
    user = read_show(text(model) + '[[layers]]\nid = "again"\nuses = "wall"\n')
    assert user.layers[1].aspect == pytest.approx(3.5)
    assert "/layer/wall/path/spread" in show.registry.index
    plain = read_show(text(model).replace(f"points = {POINTS}", "points = 1"))
    assert "/layer/wall/path/spread" not in plain.registry.index


def test_a_wall_plays_and_its_take_is_a_film(model: Path, tmp_path: Path) -> None:
    show = tmp_path / "wall.toml"
    show.write_text("schema = 1\n" + text(model))
    with play(tmp_path, show, "--duration", "1") as playing:
        assert playing.process.wait(LIMIT_S) == 0
    made = playing.stats()["generators"]["wall"]
    assert made["state"] == "ready"
    assert made["frames"] > 0
    succeed("plan", tmp_path / "take", "--out", tmp_path / "again.npz")
    address = "/layer/wall/generator/z"
    with np.load(tmp_path / "plan.npz") as live, np.load(tmp_path / "again.npz") as again:
        assert live[address].shape[1:] == (POINTS, 24)
        assert np.array_equal(live[address], again[address])
    succeed("export", tmp_path / "take", tmp_path / "s-%05d.png", "--to", "0.1", "--fps", "20",
            "--size", "224x64")  # fmt: skip
    assert len(list(tmp_path.glob("s-*.png"))) == 2


def test_pictures_do_not_depend_on_the_frame_rate(model: Path) -> None:
    show = read_show(text(model, "speed = 0.5"))
    state = run(show, 60)
    exact = latents(show, run(show, 72), float(Fraction(73, 120)))
    assert np.allclose(latents(show, state, float(Fraction(73, 120))), exact, atol=1e-6)
