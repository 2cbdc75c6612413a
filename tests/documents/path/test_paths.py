"""A trajectory for every port of a known geometry, and a plan that holds all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.latent.coordinates import Chart
from engine.core.latent.geometry import shell_radius
from engine.core.show.generator import Port, Spec
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.generators import registry
from engine.generators.kinds import cppn
from engine.play.plan_file import PlanWriter
from tests.core.trajectory.test_events_keyframes import npy

SIZE = 6
CHART = Chart(np.full(SIZE, 0.5), 2.0 * np.eye(SIZE), 0.5 * np.eye(SIZE))
PORTS = (
    Port("image", "image", (3, 16, 16)),
    *(Port(name, "gaussian", (SIZE,)) for name in "abcde"),
    Port("w", "wspace", (3, SIZE), CHART),
    Port("label", "simplex", (4,)),
    Port("frame", "affine2d", (4,)),
    Port("words", "tokens", (5, 8)),
    Port("grain", "noise-field", (2, 3, 4)),
    Port("boil", "noise-field", (1,)),
)
SHOW = """schema = 1
control_hz = 120
[[layers]]
id = "form"
[layers.generator]
kind = "many"
"""


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Spec("many", PORTS)
    opened = registry.Opened(cppn.__name__, cppn.Config(), spec, {})
    monkeypatch.setattr(registry, "open_spec", lambda *_: opened)


def play(text: str, ticks: int, *events: tuple[str, object]) -> tuple[Show, State]:
    show = load.read(SHOW + text, "t.toml", str)[0]
    state = first_state(show)
    for tick in range(ticks):
        heard = [Event(tick, *each, "t", n) for n, each in enumerate(events)] if not tick else []  # type: ignore[arg-type]
        state = advance(show, state, tick, heard)
    return show, state


def at(show: Show, state: State) -> dict[str, np.ndarray]:
    found = latents(show, state, state.tick / 120)
    return {address.removeprefix("/layer/form/"): value for address, value in found.items()}


@pytest.mark.usefixtures("many")
def test_every_port_has_a_path_and_what_it_takes() -> None:
    show, state = play("", 60)
    found = at(show, state)
    for port in PORTS[1:]:
        assert found[f"generator/{port.name}"].shape == port.shape
    names = [path.name.removeprefix("/layer/form/") for path in show.paths]
    assert names[:4] == ["path", "path_b", "path_c", "path_d"]
    assert names[4:] == [
        f"paths/{n}" for n in ("e", "w", "label", "frame", "words", "grain", "boil")
    ]
    assert found["generator/label"].sum() == pytest.approx(1.0)
    assert found["generator/frame"][0] > 0.0
    rows = found["generator/w"]
    assert np.array_equal(rows[0], rows[2])  # the layers of a style begin as one
    assert np.allclose(
        CHART.decode(found["paths/w/coordinates"].astype(np.float64)), rows, atol=1e-5
    )
    assert found["generator/boil"][0] == pytest.approx(state.paths[-1].phase)


@pytest.mark.usefixtures("many")
def test_classes_transforms_and_fields_have_keys_of_their_own() -> None:
    text = '[layers.paths.label]\nmotion = "keys"\nseeds = [2, 0]\nspeed = 0\n'
    text += "[layers.paths.boil]\noffset = 300.5\nspeed = 0\n"
    show, state = play(text, 2)
    found = at(show, state)
    assert found["generator/label"].tolist() == [0.0, 0.0, 1.0, 0.0]
    assert found["generator/boil"].tolist() == [44.5]
    show, state = play(text, 2, ("/layer/form/paths/label/offset", 0.5))
    weights = at(show, state)["generator/label"]
    assert weights == pytest.approx([0.5, 0.0, 0.5, 0.0], abs=1e-6)


@pytest.mark.usefixtures("many")
def test_a_path_of_another_port_hears_events() -> None:
    _, state = play("", 2, ("/layer/form/paths/label/key", (3.0, 1.0, 0.0, 0.0)))
    kept = state.paths[6].memory.get("keys")
    assert kept is not None
    assert len(kept.keys) == 1


@pytest.mark.usefixtures("many")
def test_a_table_for_a_port_that_is_not_there_is_refused() -> None:
    with pytest.raises(load.ShowError, match=r"paths.nowhere.*label"):
        play("[layers.paths.nowhere]\nspeed = 1\n", 1)


@pytest.mark.usefixtures("many")
def test_a_plan_holds_latents_and_coordinates(tmp_path: Path) -> None:
    show, state = play("", 10)
    writer = PlanWriter(tmp_path / "p.npz", show)
    writer.write(show, state, state.tick / 120)
    writer.close()
    with np.load(tmp_path / "p.npz") as plan:
        found = {key: plan[key] for key in plan.files}
    for address, value in latents(show, state, state.tick / 120).items():
        assert np.array_equal(found[address][0], value), address
    assert found["/layer/form/paths/w/coordinates"].shape == (1, 3, SIZE)
    assert found["/layer/form/generator/grain"].shape == (1, 2, 3, 4)
    assert np.linalg.norm(found["/layer/form/paths/label/coordinates"][0]) < 3 * shell_radius(4)


@pytest.mark.usefixtures("many")
def test_a_transform_and_tokens_keep_keys_that_no_normal_latent_has() -> None:
    random = np.random.RandomState(3)
    frame, words = np.array([4.0, 3.0, 2.0, -2.0]), 9.0 * random.randn(5, 8)
    text = '[layers.paths.frame]\nmotion = "keys"\nkeys = ["frame.npy"]\nspeed = 0\n'
    text += '[layers.paths.words]\nmotion = "keys"\nkeys = ["words.npy"]\nspeed = 0\n'
    files = {"frame.npy": npy(frame), "words.npy": npy(words)}
    show = load.read(SHOW + text, "t.toml", str, lambda name: files[name])[0]
    state = advance(show, first_state(show), 0, [Event(0, "/master/steer_x", 0.5, "t", 0)])
    found = at(show, state)
    assert found["generator/frame"] == pytest.approx(frame, abs=1e-5)
    assert found["generator/words"] == pytest.approx(words.astype(np.float32), abs=1e-4)
