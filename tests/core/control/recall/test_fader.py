"""The fader between two cues: each kind by its own way, closed form, and the hand wins."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.control.recall.ways import from_oklab, to_oklab
from engine.core.frame.sample import latents, sample
from engine.core.latent.geometry import length, slerp
from engine.core.latent.seeds import seed_key
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from tests.making import base, read_show, run

TINT = "/layer/form/effect/glow/tint"
MODE = "/layer/form/effect/glow/mode"
TEXT = f"""
[[cues]]
id = "a"
latents = {{ "/layer/form/path" = 3 }}
[cues.set]
"/master/speed" = -1.0
"{TINT}" = [0.0, 0.0, 1.0, 1.0]
"{MODE}" = "a"
[[cues]]
id = "b"
latents = {{ "/layer/form/path" = 8 }}
[cues.set]
"/master/speed" = 3.0
"{TINT}" = [1.0, 1.0, 0.0, 0.0]
"{MODE}" = "c"
"/master/brightness" = 0.5
[[cues]]
id = "c"
set = {{ "/master/speed" = 0.25 }}
"""
ON = [(0, "/cues/a", "a"), (0, "/cues/b", "b")]
LATENT = "/layer/form/path"


SHOW = read_show(TEXT)


@pytest.fixture
def show() -> Show:
    return SHOW


def at(show: Show, fade: float, *more: tuple[int, str, float | str]) -> State:
    return run(show, 4, [*ON, (1, "/cues/fade", fade), *more])


def values(show: Show, state: State) -> dict[str, float]:
    found = sample(show, state, state.tick / 120.0).values
    return {p.address: float(v) for p, v in zip(show.registry.parameters, found, strict=True)}


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 1.0))
def test_each_kind_goes_its_own_way(fade: float) -> None:
    show, state = SHOW, at(SHOW, fade)
    found = values(show, state)
    assert found["/master/speed"] == pytest.approx(-1.0 + 4.0 * fade)
    assert found["/master/brightness"] == pytest.approx(1.0 - 0.5 * fade)
    first, second = to_oklab((0.0, 0.0, 1.0)), to_oklab((1.0, 1.0, 0.0))
    mixed = from_oklab(tuple(p + (q - p) * fade for p, q in zip(first, second, strict=True)))
    assert [found[f"{TINT}/{c}"] for c in "rgb"] == pytest.approx(mixed, abs=1e-5)
    assert found[f"{TINT}/a"] == pytest.approx(1.0 - fade)
    assert found[MODE] == (2.0 if fade >= 0.5 else 0.0)
    z = latents(show, state, state.tick / 120.0)["/layer/form/generator/z"].astype(float)
    a, b = seed_key(3, z.size), seed_key(8, z.size)
    assert z == pytest.approx(slerp(a, b, fade), abs=1e-5)
    assert length(z) == pytest.approx(length(a) ** (1 - fade) * length(b) ** fade, rel=1e-5)


@pytest.mark.parametrize(("fade", "cue"), [(0.0, "a"), (1.0, "b")])
def test_at_its_ends_it_is_a_cue(show: Show, fade: float, cue: str) -> None:
    found = values(show, at(show, fade))
    goals = next(each for each in show.cues if each.id == cue).targets
    for place, goal in goals:
        assert found[show.registry.parameters[place].address] == goal


def test_a_hand_takes_a_parameter_away_until_the_fader_is_set_again(show: Show) -> None:
    state = at(show, 0.5, (2, "/master/speed", 0.125), (3, "/cues/fade", 1.0))
    assert values(show, state)["/master/speed"] == 0.125
    assert values(show, state)["/master/brightness"] == 0.5
    again = run(show, 6, [(5, "/cues/b", "none"), (6, "/cues/b", "b")], state)
    assert values(show, again)["/master/speed"] == 3.0


def test_another_cue_takes_them_from_where_they_are(show: Show) -> None:
    state = run(show, 5, [(5, "/cue/c/go", True)], at(show, 0.5))
    assert values(show, state)["/master/speed"] == 0.25
    assert values(show, state)["/master/brightness"] == 0.75


def test_let_go_everything_stays_where_it_is(show: Show) -> None:
    state = at(show, 0.25)
    before = values(show, state)
    state = run(show, 5, [(5, "/cues/a", "none")], state)
    assert state.fader is None
    left = values(show, state)
    del before["/cues/a"], left["/cues/a"]
    assert left == before


def test_it_survives_a_snapshot(show: Show) -> None:
    state = at(show, 0.3, (2, "/master/brightness", 0.9))
    again = from_data(show, json.loads(json.dumps(to_data(show, state))))
    assert again.fader == state.fader
    one, two = (sample(show, s, 0.05) for s in (state, again))
    assert one.values.tobytes() == two.values.tobytes()
    assert np.array_equal(one.requests["form"].latents["z"], two.requests["form"].latents["z"])


def test_a_cue_moves_the_fader_like_any_parameter() -> None:
    show = read_show(TEXT + '[[cues]]\nid = "d"\ntime_s = 1.0\ncurve = "linear"\n'
                     'set = { "/cues/fade" = 1.0 }\n')  # fmt: skip
    state = run(show, 60, [*ON, (0, "/cue/d/go", True)])
    assert values(show, state)["/master/speed"] == pytest.approx(1.0)
    assert base(show, run(show, 130, state=state), "/cues/fade") == 1.0


def test_a_route_moves_the_fader_and_what_it_holds() -> None:
    show = read_show(
        TEXT
        + '[[routes]]\nsignal = "lfo/slow"\ntarget = "/cues/fade"\ndepth = 1.0\n'
        '[[lfos]]\nid = "slow"\nwave = "saw"\nrate_hz = 1.0\n'
    )  # fmt: skip
    state = run(show, 30, ON)
    for seconds in (0.25, 0.2541):
        found = sample(show, state, seconds).values
        index = show.registry.index
        fade = float(found[index["/cues/fade"]])
        assert 0.0 < fade < 1.0
        assert found[index["/master/brightness"]] == pytest.approx(1.0 - 0.5 * fade)
