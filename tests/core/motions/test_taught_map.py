"""Latent maps: what controllers lead to, what is taught, and the map as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.app.cli.main import cli
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents, requests_at
from engine.core.latent.examples import NEAR, Examples, blend, layout, weights
from engine.core.latent.geometry import shell_radius
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.generators.kinds import map as maps
from engine.models.sidecars import latent_map
from engine.models.sidecars.latent_map import MapFile
from engine.play.live.pointer import Flight

SHOW = """
schema = 1
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
motion = "{motion}"
{more}
"""
ROOT = "/layer/form/path"


def atlas(count: int = 30, size: int = 64, inputs: int = 2) -> Examples:
    rng = np.random.default_rng(3)
    latents = rng.standard_normal((count, 1, size))
    latents *= shell_radius(size) / np.linalg.norm(latents, axis=-1, keepdims=True)
    return Examples(rng.random((count, inputs)), latents)


def file_of(found: Examples, **more: NDArray[np.generic]) -> bytes:
    thumbs = np.full((len(found), 16, 16, 3), 200, np.uint8)
    arrays = {"places": found.places.astype("f4"), "latents": found.latents[:, 0].astype("f4")}
    return latent_map.write(MapFile(**{**arrays, "thumbs": thumbs, **more}))  # type: ignore[arg-type]


def read(more: str, data: bytes = b"", motion: str = "map") -> Show:
    text = SHOW.format(motion=motion, more=more)
    return load.read(text, "test", str, lambda name: data)[0]


def go(show: Show, state: State, *events: tuple[str, object]) -> State:
    tick = state.tick + 1
    return advance(
        show, state, tick, [Event(tick, a, v, "t", i) for i, (a, v) in enumerate(events)]
    )  # type: ignore[arg-type]


def latent(show: Show, state: State) -> NDArray[np.float32]:
    return latents(show, state, state.tick / 120)["/layer/form/generator/z"]


def test_at_an_example_it_is_that_example() -> None:
    found = atlas()
    for k in range(len(found)):
        assert np.abs(blend(found, found.places[k]) - found.latents[k]).max() == 0.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_between_examples_it_never_leaves_the_shell(x: float, y: float) -> None:
    found = blend(atlas(), np.array([x, y]))
    assert np.linalg.norm(found) == pytest.approx(shell_radius(64), rel=1e-9)


def test_a_plain_mean_would_leave_it() -> None:
    found = atlas()
    way = [np.array([x, y]) for x in np.linspace(0, 1, 9) for y in np.linspace(0, 1, 9)]
    plain = [np.tensordot(weights(found.places, place), found.latents, 1) for place in way]
    assert min(map(np.linalg.norm, plain)) < 0.6 * shell_radius(64)


def test_it_is_continuous_where_neighbours_change() -> None:
    found = atlas()
    way = [np.array([0.05 + 0.9 * t, 0.4 + 0.2 * t]) for t in np.linspace(0, 1, 4001)]
    shares = np.array([weights(found.places, place) for place in way])
    assert (np.count_nonzero(shares, axis=1) <= NEAR).all()
    assert len({tuple(np.flatnonzero(row)) for row in shares}) > 5
    coarse = np.abs(np.diff(shares[::10], axis=0)).max()
    assert np.abs(np.diff(shares, axis=0)).max() < 0.25 * coarse  # no jump: steps shrink with time


def test_a_layout_has_no_chance_in_it_and_fills_the_plane() -> None:
    features = np.random.default_rng(1).standard_normal((40, 9)) * np.arange(1, 10)
    places = layout(features)
    assert np.array_equal(places, layout(features))
    assert places.min(axis=0) == pytest.approx([0.06, 0.06])
    assert places.max(axis=0) == pytest.approx([0.94, 0.94])
    order = np.argsort(layout(features, 0.0)[:, 0])
    assert (np.diff(places[order, 0]) > 0).all()


def test_a_show_goes_where_its_controllers_stand() -> None:
    found = atlas()
    show = read('map = "a.map.npz"', file_of(found))
    assert set(show.files) == {"a.map.npz"}
    state = go(show, first_state(show), (f"{ROOT}/map_1", found.places[4, 0]))
    state = go(show, state, (f"{ROOT}/map_2", found.places[4, 1]))
    for _ in range(600):
        state = go(show, state)
    assert np.abs(latent(show, state) - found.latents[4, 0]).max() < 1e-4


def test_what_is_taught_is_found_again_and_survives_a_snapshot() -> None:
    show = read("inputs = 3", motion="walk")
    state = go(show, first_state(show))
    wanted = {}
    for place in ((0.1, 0.2, 0.3), (0.9, 0.4, 0.1), (0.5, 0.9, 0.8)):
        for k, value in enumerate(place, 1):
            state = go(show, state, (f"{ROOT}/map_{k}", value))
        for _ in range(120):
            state = go(show, state)
        state = go(show, state, (f"{ROOT}/teach", True))
        wanted[place] = latent(show, state)
    state = from_data(show, to_data(show, state))
    state = go(show, state, (f"{ROOT}/motion", "map"))
    for place, picture in wanted.items():
        for k, value in enumerate(place, 1):
            state = go(show, state, (f"{ROOT}/map_{k}", value))
        for _ in range(600):
            state = go(show, state)
        assert np.abs(latent(show, state) - picture).max() < 1e-4
    before = latent(show, state)
    state = go(show, state, (f"{ROOT}/forget", True))
    assert np.abs(latent(show, state) - before).max() > 0.1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zip", "no latent map, or damaged"),
        (file_of(atlas(size=32)), "takes"),
        (file_of(atlas(), places=np.full((30, 2), np.nan, "f4")), "NaN"),
        (file_of(atlas(), latents=np.zeros((7, 64), "f4")), "do not fit"),
    ],
)
def test_a_wrong_map_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        read('map = "a.map.npz"', data)
    assert "a.map.npz" in str(caught.value)


def test_the_map_is_drawn_where_its_places_are(tmp_path: Path) -> None:
    places = np.array([[0.2, 0.8], [0.7, 0.3]])
    path = tmp_path / "a.map.npz"
    path.write_bytes(file_of(Examples(places, atlas(2).latents)))
    generator = maps.build(maps.Config(str(path)))
    asked = Request(0.0, {}, {"x": 0.7, "y": 0.3, "mark": 0.0}, (400, 200), 2.0)
    pixels, _ = generator.render(asked)
    rows, columns = np.nonzero(pixels[0, 3].numpy())
    assert abs(columns.max() - 280 - 15) < 4
    assert abs(rows.min() - 40 + 10) < 4
    assert pixels[0, 0, 140, 280] > pixels[0, 0, 40, 80] > 0  # the one that is meant is brighter
    with pytest.raises(ValueError, match="latent-cinema map"):
        maps.spec(maps.Config(str(tmp_path / "none.map.npz")))


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_small_pictures_never_cover_one_another(tmp_path: Path, zoom: float) -> None:
    path = tmp_path / "a.map.npz"
    thumbs = np.full((30, 16, 16, 3), 200, np.uint8)
    path.write_bytes(file_of(atlas(), thumbs=thumbs))
    found = maps._open(str(path))
    side = 0.2 * zoom**0.5
    rooms = maps._rooms(found, 2.0) * zoom
    sizes = np.clip(2.0 * rooms / side - 1.0, 0.0, 1.0) * side
    places = found.places * (2.0 * zoom, zoom)
    apart = np.abs(places[:, None] - places[None]).max(axis=2)
    near = (sizes[:, None] + sizes[None]) / 2
    shown = sizes > 0
    other = ~np.eye(30, dtype=bool) & shown[:, None] & shown[None]
    assert (apart[other] >= near[other] - 1e-6).all()
    assert 5 < (sizes > 0.99 * side).sum() < 30


def test_names_stand_where_they_are_put(tmp_path: Path) -> None:
    path = tmp_path / "a.map.npz"
    path.write_bytes(file_of(atlas()))
    plain, named = (
        maps.build(maps.Config(str(path), names)) for names in ({}, {"Ice": (0.25, 0.75)})
    )
    asked = Request(0.0, {}, {}, (400, 200), 2.0)
    differs = (plain.render(asked)[0] != named.render(asked)[0]).any(dim=1)[0].numpy()
    rows, columns = np.nonzero(differs)
    assert abs(columns.mean() - 100) < 4
    assert abs(rows.mean() - 50) < 4


def test_a_generator_follows_an_address_and_says_what_it_cannot() -> None:
    text = SHOW.format(motion="map", more="inputs = 2")
    more = (
        '[[layers]]\nid = "two"\n[layers.generator]\nkind = "cppn"\nparameters = { warp = "%s" }\n'
    )
    show = load.read(text + more % f"{ROOT}/map_1", "test", str)[0]
    assert "/layer/two/generator/warp" not in show.registry.index
    state = go(show, first_state(show), (f"{ROOT}/map_1", 0.25))
    asked = requests_at(show, state, 0.0, {"two"})["two"]
    assert asked.parameters["warp"] == 0.25
    with pytest.raises(ValueError, match="near are"):
        load.read(text + more % f"{ROOT}/map_9", "test", str)


def test_a_hand_flies_only_while_it_holds() -> None:
    flight = Flight()
    assert not list(flight.read([("/window/pointer", (0.2, 0.3))], ROOT))
    held = list(flight.read([("/window/button", "left"), ("/window/pointer", (0.4, 0.5))], ROOT))
    assert held[-2:] == [(f"{ROOT}/map_1", 0.4), (f"{ROOT}/map_2", 0.5)]
    up = [("/window/button_up", "left"), ("/window/pointer", (0.9, 0.9))]
    assert not list(flight.read(up, ROOT))


def test_the_command_makes_a_map_of_the_formula(tmp_path: Path) -> None:
    out, sheet = tmp_path / "m.map.npz", tmp_path / "m.png"
    words = ["map", "cppn", "--out", str(out), "--seeds", "0-5", "--thumb", "16"]
    done = CliRunner().invoke(cli, [*words, "--sheet", str(sheet)])
    assert done.exit_code == 0, done.output
    found = latent_map.read(out.read_bytes(), "m")
    assert found.thumbs.shape == (6, 16, 16, 3)
    assert found.latents[3, 0] == np.float32(np.random.RandomState(3).randn())
    assert sheet.stat().st_size > 1000
    assert np.ptp(found.thumbs.astype(int), axis=0).max() > 60  # they differ
    wrong = CliRunner().invoke(cli, ["map", "cppn", "--out", str(tmp_path / "m.npz")])
    assert wrong.exit_code == 2
    assert ".map.npz" in wrong.output
