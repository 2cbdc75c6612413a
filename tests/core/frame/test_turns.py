"""Rounds of shaders: moved by hand, by a route, frozen and across the hour, none jumps."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from engine.core.event import Event
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State
from engine.documents.show import load
from tests.making import line_of, run
from tests.places import ROOT

TEXT = """
[[lfos]]
id = "slow"
rate_hz = 0.3
[[layers]]
id = "a"
source = { shader = "stripes", inputs = { pace = 600 } }
[[layers.effects]]
shader = "tunnel"
"""
ROUTE = """
[[routes]]
signal = "lfo/slow"
target = "/layer/a/source/pace"
depth = 1.0
range = [0, 1800]
mode = "replace"
"""
PACE = "/layer/a/source/pace"


def read_show(text: str) -> Show:
    """Read a show with the shaders that are shipped."""
    whole = f"schema = 1\ncontrol_hz = 120\n{text}"
    return load.read(whole, "test", lambda n: (ROOT / f"shaders/{n}.fs").read_text("utf-8"))[0]


def turns(show: Show, state: State, seconds: float) -> float:
    """Rounds of the stripes, as their shader counts them."""
    source = sample(show, state, seconds).layers[0].source
    assert source is not None
    rate, shift = source.uniforms["pace"], source.uniforms["host_turns_pace"]
    return source.seconds * rate / 3600.0 + shift  # type: ignore[operator]


def played(show: Show, events: dict[int, list[Event]], seconds: float, fps: int) -> list[float]:
    line, found = line_of(show), []
    for frame in range(int(seconds * fps)):
        at = Fraction(frame, fps)
        line.control(at, lambda tick: events.get(tick, ()))
        found.append(turns(line.show, line.state, float(at)))
    return found


def steps(found: list[float]) -> list[float]:
    """Ways between frames, the whole rounds left out."""
    return [(b - a + 0.5) % 1.0 - 0.5 for a, b in pairwise(found)]


@pytest.mark.parametrize("more", ["", ROUTE], ids=["by hand", "by a route"])
def test_a_rate_that_moves_does_not_jump(more: str) -> None:
    show = read_show(TEXT + more)
    events = {
        tick: [Event(tick, PACE, pace, "hand", 0)] for tick, pace in [(41, 1800), (80, 0), (101, 7)]
    }
    found = played(show, events, 1.5, 60)
    assert max(map(abs, steps(found))) <= 1800 / 3600 / 60 + 1e-9
    other = played(show, events, 1.5, 30)
    assert other == found[::2]  # at every rate of frames the same
    if not more:
        assert steps(found)[-1] == pytest.approx(7 / 3600 / 60, abs=1e-12)
        assert steps(found)[45] == 0.0


def test_what_nobody_moves_has_no_shift_and_a_frozen_show_stands() -> None:
    show = read_show(TEXT)
    state = run(show, 240)
    assert turns(show, state, 2.0) == 2.0 * 600 / 3600
    events = [(60, "/master/freeze", 1), (80, PACE, 900), (120, "/master/freeze", 0)]
    for tick, slow, fast in ((100, 60, 0), (121, 61, 0), (130, 61, 9)):  # it moves on a tick
        rounds = (slow * 600 + fast * 900) / 120 / 3600
        found = turns(show, run(show, tick, events), tick / 120)
        assert found % 1.0 == pytest.approx(rounds, abs=1e-9)


def test_a_rate_moved_late_goes_on_across_the_hour() -> None:
    show = read_show(TEXT)
    state = run(show, 1)._replace(tick=120 * 3590)
    state = run(show, 120 * 3595, [(120 * 3592, PACE, 1234)], state)
    before = turns(show, state, 3595.0)
    state = run(show, 120 * 3605, [(120 * 3601, PACE, 77)], state)
    way = (6 * 1234 + 4 * 77) / 3600
    assert (turns(show, state, 3605.0) - before - way + 0.5) % 1.0 - 0.5 == pytest.approx(
        0.0, abs=1e-6
    )


def test_rounds_survive_a_snapshot_and_an_edit() -> None:
    show = read_show(TEXT)
    state = run(show, 90, [(50, PACE, 900)])
    assert state.turns[0].shift > 0.0
    assert from_data(show, to_data(show, state)).turns == state.turns
    edited = read_show(TEXT + '[[layers]]\nid = "b"\nsource = { shader = "clouds" }\n')
    moved = run(edited, 91, state=migrate(show, edited, state))
    assert moved.turns[: len(state.turns)] == state.turns
    assert turns(edited, moved, 91 / 120) == pytest.approx(turns(show, state, 91 / 120))
    data = {k: v for k, v in to_data(show, state).items() if k != "turns"}
    assert from_data(show, data).turns == ()  # of an older take
