"""A new motion and a new modifier are a record and a row each: all else follows from these."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents, requests_at, sample
from engine.core.latent.geometry import Vector, length
from engine.core.modifiers import table as modifiers
from engine.core.motions import table as motions
from engine.core.path.model import (
    Change,
    Data,
    Here,
    Kept,
    Modifier,
    Motion,
    Now,
    Part,
    Path,
    PathState,
    Rows,
)  # fmt: skip
from engine.core.path.setting import Setting, trigger
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.core.trajectory.parts import RECORDED, make_parts
from tests.making import read_show, run

Z, PATH = "/layer/form/generator/z", "/layer/form/path"


def _swing(path: Path, state: PathState, now: Now, phase: float) -> Vector:
    del state
    found = np.zeros(path.shape)
    found[..., 0] = now.values[path.at["swing_size"]] * math.cos(2.0 * math.pi * phase)
    found[..., 1] = 1.0
    return found


SWING = Motion(
    "swing",
    _swing,
    period=lambda _, __: 1.0,
    part=Part(settings=(Setting("swing_size", "How far it swings.", 2.0, 0.0, 8.0),)),
)


def _lift(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    by = now.values[path.at["lift"]] + state.memory.get("lifted", 0)
    return [row + by for row in rows]


def _take_up(_: Path, state: PathState, __: Now, ___: Here, ____: Data) -> PathState:
    return state.remembering(lifted=state.memory.get("lifted", 0) + 1)


LIFT = Modifier(
    "lift",
    _lift,
    wakes=("lift", "lifted"),
    part=Part(
        settings=(Setting("lift", "Lifts it.", 0.0, 0.0, 4.0), trigger("lift_up", "Once more.")),
        events={"lift_up": Change(_take_up), "up": Change(_take_up, lengths=lambda _: (2,))},
        memory={"lifted": Kept(int, lambda _, data: int(data))},
    ),
)


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setattr(motions, "MOTIONS", (*motions.MOTIONS, SWING))
    monkeypatch.setattr(modifiers, "MODIFIERS", (*modifiers.MODIFIERS, LIFT))
    return read_show()


def z_of(show: Show, state: State) -> Vector:
    found: Vector = latents(show, state, max(state.tick, 0) / 120)[Z].astype(np.float64)
    return found


def test_a_motion_is_a_file_and_a_row(show: Show) -> None:
    """It is a choice of the parameter, has its settings, and moves the path."""
    choices = show.registry[f"{PATH}/motion"].choices
    assert choices[-1] == "swing"
    events = [
        (0, f"{PATH}/motion", "swing"),
        (0, f"{PATH}/swing_size", 3.0),
        (0, f"{PATH}/speed", 1.0),
    ]
    z = [z_of(show, run(show, tick, events)) for tick in (200, 260, 320)]
    assert z[0][0] == pytest.approx(-z[1][0], abs=1e-3)
    assert np.allclose(z[0], z[2], atol=1e-4)
    assert abs(z[0][0]) <= 3.0


def test_a_modifier_is_a_file_and_a_row(show: Show) -> None:
    """Its setting, its trigger, its event, what it remembers, and the snapshots of that."""
    plain, lifted = run(show, 60), run(show, 60, [(30, f"{PATH}/lift", 0.5)])
    assert np.allclose(z_of(show, lifted) - z_of(show, plain), 0.5, atol=1e-6)
    events = [(10, f"{PATH}/lift_up", 1), (20, f"{PATH}/up", (1.0, 2.0))]
    twice = run(show, 60, events)
    assert twice.paths[0].memory == {"lifted": 2}
    assert np.allclose(z_of(show, twice) - z_of(show, plain), 2.0, atol=1e-6)
    again = from_data(show, to_data(show, twice))
    assert again.paths[0].memory == {"lifted": 2}
    assert np.array_equal(z_of(show, again), z_of(show, twice))


def test_a_modifier_that_nothing_wakes_changes_no_bit(show: Show, monkeypatch) -> None:
    monkeypatch.undo()
    other = read_show()
    assert np.array_equal(z_of(show, run(show, 90)), z_of(other, run(other, 90)))


def test_recorded_settings_keep_their_places() -> None:
    names = [setting.name for setting in make_parts().settings]
    assert tuple(names) == RECORDED


def test_two_parts_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Modifier("twin", _lift, part=Part(settings=(Setting("pad", "Another."),)))
    monkeypatch.setattr(modifiers, "MODIFIERS", (*modifiers.MODIFIERS, twin))
    with pytest.raises(ValueError, match="share the name 'pad'"):
        make_parts()


ROUTED = """
[[lfos]]
id = "slow"
rate_hz = 0.3
[[layers]]
id = "one"
[layers.generator]
kind = "cppn"
config = { latent_size = 32 }
[[layers]]
id = "two"
[layers.generator]
kind = "cppn"
config = { latent_size = 32 }
[layers.path]
seed = 4
[[routes]]
id = "deep"
signal = "lfo/slow"
target = "/layer/one/path/push_1"
depth = 2.0
[[routes]]
signal = "beat/phase"
target = "/layer/two/path/offset"
depth = 0.5
attack_s = 0.1
[[routes]]
signal = "audio/level"
target = "/route/deep/depth"
depth = 1.5
release_s = 0.2
"""


@pytest.mark.parametrize("layer", ["one", "two"])
def test_the_look_ahead_of_a_layer_is_what_the_whole_plan_asks(layer: str) -> None:
    """It works out only what reaches the layer: springs, routes, routes of their depths, ramps."""
    show, found = read_show(ROUTED), 0
    state = first_state(show)
    for tick in range(90):
        row = tuple(0.5 + 0.4 * math.sin(tick / 7) for _ in show.audio)
        events = [Event(tick, "/signal/audio", row, "sound", 0)]
        if tick == 40:
            events.append(Event(tick, f"/layer/{layer}/path/push_2", 1.5, "osc", 1))
        state = advance(show, state, tick, events)
        seconds = (tick + 7.3) / 120
        whole = sample(show, state, seconds).requests[layer]
        ahead = requests_at(show, state, seconds, {layer})[layer]
        assert ahead.parameters == whole.parameters
        assert all(np.array_equal(ahead.latents[n], whole.latents[n]) for n in whole.latents)
        found += length(whole.latents["z"].astype(np.float64)) > 0.0
    assert found == 90
