"""Freezing groups of layers: caught where they are, replayed exactly, let go gently."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.documents.show.load import load
from engine.generators.kinds import stylegan2
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
AT = "/layer/a/generator/z"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = make_stylegan2(64, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    path = tmp_path_factory.mktemp("models") / "two.safetensors"
    return files.save(path, "stylegan2", *net)


@pytest.fixture(scope="module", params=["z+", "w+"])
def show(
    model: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Show:
    path = tmp_path_factory.mktemp("shows") / "freeze.toml"
    path.write_text(
        f'schema = 1\n[[layers]]\nid = "a"\n[layers.generator]\nkind = "stylegan2"\n'
        f'config = {{ path = "{model}", space = "{request.param}" }}\n'
        "[layers.path]\nspeed = 0.5\n"
    )
    return load(str(path)).show


def play(show: Show, state: State, ticks: int, **events: float) -> State:
    """Go on; what is told is told on the first tick."""
    for _ in range(ticks):
        told = [
            Event(state.tick + 1, f"/layer/a/path/{name}", value) for name, value in events.items()
        ]
        state = advance(show, state, state.tick + 1, told)
        events = {}
    return state


def rows(show: Show, state: State) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    port = show.layers[0].generator.spec.ports[0]  # type: ignore[union-attr]
    found = latents(show, state, state.tick / 120)[f"/layer/a/generator/{port.name}"]
    return {
        group: found[[k for k, each in enumerate(port.groups) if each == group]]
        for group in ("coarse", "middle", "fine")
    }


def test_a_frozen_group_stays_while_the_others_move(show: Show) -> None:
    state = play(show, first_state(show), 30)
    before = rows(show, state)
    assert np.array_equal(before["coarse"][0], before["fine"][0])  # they begin as one
    state = play(show, state, 1, freeze_coarse=1.0)
    held = rows(show, state)
    state = play(show, state, 60)
    after = rows(show, state)
    assert np.array_equal(after["coarse"], held["coarse"])
    assert not np.allclose(after["middle"], held["middle"])
    assert np.array_equal(after["middle"][0], after["fine"][0])
    state = play(show, state, 30, freeze_fine=1.0)
    later = rows(show, state)
    assert np.array_equal(later["coarse"], held["coarse"])
    assert not np.allclose(later["fine"], held["fine"])
    assert not np.allclose(later["middle"][0], later["fine"][0])


def test_a_single_layer_freezes_where_each_has_a_latent(show: Show) -> None:
    is_plus = show.layers[0].generator.spec.ports[0].name == "w"  # type: ignore[union-attr]
    assert ("/layer/a/path/freeze_1" in show.registry.index) == is_plus
    if is_plus:
        state = play(show, play(show, first_state(show), 30), 1, freeze_1=1.0)
        before, after = rows(show, state), rows(show, play(show, state, 40))
        stays = [
            np.array_equal(a, b) for a, b in zip(before["coarse"], after["coarse"], strict=True)
        ]
        assert stays == [False, True, False]


def test_letting_go_has_no_jump(show: Show) -> None:
    state = play(show, first_state(show), 30, freeze_coarse=1.0)
    state = play(show, state, 60)
    seen = []
    for share in np.linspace(1, 0, 40):
        state = play(show, state, 1, freeze_coarse=float(share))
        seen.append(rows(show, state)["coarse"][0])
    assert np.array_equal(seen[-1], rows(show, state)["middle"][0])
    steps = [float(np.linalg.norm(b - a)) for a, b in pairwise(seen)]
    assert max(steps) < 4 * np.median(steps)


def test_what_is_frozen_travels_in_snapshots_and_replays(show: Show) -> None:
    state = play(show, play(show, first_state(show), 30), 20, freeze_middle=1.0)
    data = json.loads(json.dumps(to_data(show, state)))
    again = from_data(show, data)
    for name, found in rows(show, play(show, again, 40)).items():
        assert np.array_equal(found, rows(show, play(show, state, 40))[name])
    data["paths"]["/layer/a/path"][-1]["frozen"][1] = [[1.0]]
    assert from_data(show, data).paths[0].memory.get("frozen") is None


def test_groups_of_latents_draw_their_own_layers(model: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(model), space="z+"))
    plain = stylegan2.build(stylegan2.Config(str(model)))
    random = np.random.RandomState(2)
    z = random.randn(3, 16).astype(np.float32)
    same = Request(0.0, {"z": np.stack([z[0]] * 3)}, {}, (64, 64))
    one = plain.render(Request(0.0, {"z": z[0]}, {}, (64, 64)))[0]
    assert files.distance(generator.render(same)[0], one) < 1e-5
    inputs = generator.inputs(Request(0.0, {"z": z}, {}, (64, 64)))
    ws = generator.model.styles(inputs, generator.drawing._canvas)[0]
    wanted = {g: generator.model.map(torch.from_numpy(row[None]))[0]
              for g, row in zip(("coarse", "middle", "fine"), z, strict=True)}  # fmt: skip
    for place, group in enumerate(generator.model.groups):
        assert files.distance(ws[place], wanted[group]) < 1e-5
    with pytest.raises(ValueError, match="several control points"):
        stylegan2.spec(stylegan2.Config(str(model), space="z+", points=2, wide=2.0))
