"""Decks of a frame: what is on air, takes and cuts, and a latent that goes between two layers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.frame.sample import latents, preview, requests_at, sample
from engine.core.latent.geometry import slerp
from engine.core.show.snapshot import from_data, migrate, to_data
from tests.making import read_show, run

TWO = """
[decks]
transition = "{transition}"
{more}
[[layers]]
id = "under"
uses = "left"
[[layers]]
id = "left"
deck = "a"
[layers.generator]
kind = "cppn"
parameters = {{ truncation = 0.2 }}
[[layers]]
id = "over"
uses = "third"
[[layers]]
id = "right"
deck = "b"
[layers.generator]
kind = "cppn"
parameters = {{ truncation = 1.0 }}
[layers.path]
seed = 9
[[layers]]
id = "third"
deck = "b"
[layers.generator]
kind = "flat"
"""
PAIR = TWO.replace('[[layers]]\nid = "under"\nuses = "left"\n', "")


def two(transition: str = "fade", more: str = "", text: str = PAIR):
    return read_show(text.format(transition=transition, more=more))


def ids(plan):
    return [layer.id for layer in plan.layers]


def at(show, *events, ticks=4):
    state = run(show, ticks, [(1, *each) for each in events])
    return state, sample(show, state, ticks / 120)


def test_only_the_deck_on_air_is_planned_and_asked() -> None:
    show = two(text=TWO)
    assert ids(at(show)[1]) == ["under", "left", "over"]
    _, plan = at(show, ("/crossfader", 1.0))
    assert ids(plan) == ["under", "right", "third", "over"]
    _, plan = at(show, ("/crossfader", 0.25))
    assert ids(plan) == ["under", "left", "right", "third", "over"]
    assert (plan.decks.first, plan.decks.middle, plan.decks.end) == (1, 2, 4)
    assert plan.decks.light == plan.decks.cover == (0.75, 0.25)
    show = two()
    assert set(at(show)[1].requests) == {"left", "third"}  # "over" shows the third's pixels
    assert at(show)[1].decks is None  # on nothing, and alone: drawn as if there were no decks


def test_the_hidden_deck_is_planned_for_the_operator_alone() -> None:
    show = two()
    state, _ = at(show, ("/master/blackout", True))
    seen = preview(show, state, 4 / 120)
    assert ids(seen) == ["right", "third"]
    assert set(seen.requests) == {"right", "third"}
    assert (seen.master, seen.decks) == (1.0, None)
    state, _ = at(show, ("/crossfader", 1.0))
    assert ids(preview(show, state, 4 / 120)) == ["left"]
    assert preview(read_show(), run(read_show(), 1), 1 / 120) is None


@pytest.mark.parametrize(
    ("curve", "fade", "wanted"),
    [
        ("linear", 0.25, (0.75, 0.25)),
        ("smooth", 0.25, (0.84375, 0.15625)),
        ("sharp", 0.48, (0.7, 0.3)),
        ("power", 0.5, (np.sqrt(0.5), np.sqrt(0.5))),
    ],
)
def test_curves_of_the_crossfader(curve: str, fade: float, wanted: tuple[float, float]) -> None:
    _, plan = at(two(), ("/crossfader", fade), ("/crossfader/curve", curve))
    assert plan.decks.light == pytest.approx(wanted)


def test_through_black_and_cut() -> None:
    show = two("black")
    for fade, wanted in ((0.25, (0.5, 0.0)), (0.5, (0.0, 0.0)), (0.75, (0.0, 0.5))):
        assert at(show, ("/crossfader", fade))[1].decks.light == pytest.approx(wanted)
    show = two("cut")
    assert ids(at(show, ("/crossfader", 0.49))[1]) == ["left", "over"]
    assert ids(at(show, ("/crossfader", 0.5))[1]) == ["right", "third", "over"]


def fader(show, state, seconds):
    return sample(show, state, seconds).values[show.registry.index["/crossfader"]]


def test_a_take_moves_the_crossfader_in_closed_form_and_back() -> None:
    show = two(more="time_s = 2.0")
    state = run(show, 10, [(10, "/deck/take", True)])
    assert fader(show, state, 10 / 120 + 0.5) == pytest.approx(0.25)
    assert fader(show, state, 10 / 120 + 0.7003) == pytest.approx(0.35015)  # between ticks
    state = run(show, 70, [(70, "/deck/take", True)], state)  # half a second later: back again
    assert fader(show, state, 70 / 120 + 1.0) == pytest.approx(0.125)
    state = run(show, 320, (), state)
    assert fader(show, state, 320 / 120) == 0.0
    state = run(show, 321, [(321, "/deck/cut", True)], state)
    assert fader(show, state, 321 / 120) == 1.0
    assert state.decks.front == 1


def test_a_take_in_beats_and_a_hand_that_takes_it_over() -> None:
    show = two(more="beats = 4.0")
    state = run(show, 10, [(1, "/transport/bpm", 60.0), (10, "/deck/take", True)])
    assert fader(show, state, 10 / 120 + 1.0) == pytest.approx(0.25)
    state = run(show, 20, [(20, "/crossfader", 0.9)], state)
    assert fader(show, run(show, 200, (), state), 200 / 120) == 0.9


def test_a_take_waits_for_the_pictures_of_the_other_deck() -> None:
    show = two(more="time_s = 0.0")
    state = run(show, 2, [(0, "/layer/right/ready", 0), (1, "/deck/take", True)])
    assert fader(show, state, 2 / 120) == 0.0
    assert state.decks.awaits
    state = run(show, 4, [(3, "/layer/right/ready", 1)], state)
    assert fader(show, state, 4 / 120) == 1.0
    assert not state.decks.awaits


def test_a_hand_on_the_crossfader_ends_a_take_that_waits() -> None:
    show = two(more="time_s = 0.0")
    events = [(0, "/layer/right/ready", 0), (1, "/deck/take", True), (2, "/crossfader", 0.25)]
    state = run(show, 2, events)
    assert not state.decks.awaits
    assert fader(show, run(show, 4, [(3, "/layer/right/ready", 1)], state), 4 / 120) == 0.25


def test_one_picture_between_two_latents() -> None:
    show = two("latent")
    state, plan = at(show, ("/crossfader", 0.5))
    assert show.decks.pairs == (("left", "right"),)
    own = latents(show, state, 4 / 120)
    a, b = (own[f"/layer/{name}/generator/z"] for name in ("left", "right"))
    assert set(plan.requests) == {"left", "third"}  # one picture of the pair
    asked = plan.requests["left"]
    wanted = slerp(a.astype(float), b.astype(float), 0.5)
    assert np.abs(asked.latents["z"] - wanted).max() < 1e-6
    assert asked.parameters["truncation"] == pytest.approx(0.6)
    assert [layer.generator for layer in plan.layers[:2]] == ["left", "left"]
    assert plan.decks.light == (0.5, 0.5)
    ahead = requests_at(show, state, 4 / 120, {"left"})["left"]
    assert np.array_equal(ahead.latents["z"], asked.latents["z"])


def test_the_worker_that_drew_the_way_goes_on_where_it_leads() -> None:
    show = two("latent")
    state = run(show, 2, [(1, "/crossfader", 0.999)])
    near = sample(show, state, 2 / 120).requests["left"].latents["z"]
    state = run(show, 3, [(3, "/crossfader", 1.0)], state)
    plan = sample(show, state, 2 / 120)
    assert plan.layers[0]._replace(generator="") == plan.layers[0]._replace(
        id="right", generator=""
    )
    assert plan.layers[0].generator == "left"
    assert np.abs(plan.requests["left"].latents["z"] - near).max() < 0.02
    hidden = preview(show, state, 3 / 120)
    assert hidden.layers[0].id == "left"
    assert hidden.layers[0].generator == "right"  # they have changed places
    state = run(show, 4, [(4, "/crossfader/transition", "fade"), (4, "/crossfader", 0.5)], state)
    plan = sample(show, state, 4 / 120)
    assert [layer.generator for layer in plan.layers[:2]] == ["right", "left"]
    own = latents(show, state, 4 / 120)
    for worker, layer in (("right", "left"), ("left", "right")):
        wanted = own[f"/layer/{layer}/generator/z"]
        assert np.array_equal(plan.requests[worker].latents["z"], wanted)


def test_a_cut_leaves_each_worker_where_it_is() -> None:
    show = two("latent")
    state = run(show, 3, [(2, "/deck/cut", True)])
    plan = sample(show, state, 3 / 120)
    assert [(x.id, x.generator) for x in plan.layers[:1]] == [("right", "right")]


def test_layers_that_others_show_are_no_pair() -> None:
    assert two("fade", text=TWO).decks.pairs == ()
    with pytest.raises(ValueError, match="only there where each deck has a layer of one generator"):
        two("latent", text=TWO)


def test_decks_survive_a_snapshot_and_an_edit() -> None:
    show = two("latent")
    state = run(show, 3, [(1, "/crossfader", 0.5), (2, "/crossfader", 1.0)])
    assert state.decks == (1, False, True, False)
    assert from_data(show, to_data(show, state)).decks == state.decks
    assert migrate(show, read_show(), state).decks is None
    assert migrate(read_show(), show, run(read_show(), 1)).decks == (0, False, False, False)


def test_a_route_moves_the_crossfader_and_the_decks_follow() -> None:
    text = (
        'signals = ["hand"]\n'
        + PAIR.format(transition="fade", more="")
        + """
[[routes]]
signal = "hand"
target = "/crossfader"
depth = 1.0
"""
    )
    show = read_show(text)
    state = run(show, 3, [(2, "/signal/hand", 1.0)])
    assert ids(sample(show, state, 3 / 120)) == ["right", "third", "over"]
    assert state.decks.front == 1
    assert ids(preview(show, state, 3 / 120)) == ["left"]


def test_the_picture_is_held_by_an_event() -> None:
    show = read_show()
    assert not at(show)[1].is_held
    assert at(show, ("/master/hold", True))[1].is_held


def test_a_cue_reaches_into_the_hidden_deck() -> None:
    cue = """
[[cues]]
id = "dim"
time_s = 1.0
set = { "/deck/next/1/opacity" = 0.0, "/master/speed" = 2.0 }
"""
    show = read_show(PAIR.format(transition="fade", more="") + cue)
    left, right = (show.registry.index[f"/layer/{name}/opacity"] for name in ("left", "right"))
    state = run(show, 62, [(2, "/cue/dim/go", True)])
    values = sample(show, state, 62 / 120).values
    assert values[right] == pytest.approx(0.5)
    assert values[left] == 1.0
    state = run(show, 300, [(70, "/deck/cut", True), (80, "/cue/dim/go", True)], state)
    assert state.base[[left, right]].tolist() == [0.0, 0.0]
    assert state.base[show.registry.index["/master/speed"]] == 2.0


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/deck/next/3/opacity", "deck a has the layers left"),
        ("/deck/next/1/nothing", "no parameter"),
    ],
)
def test_a_cue_that_reaches_nothing_there_is_refused(address: str, words: str) -> None:
    cue = f'[[cues]]\nid = "c"\nset = {{ "{address}" = 0.0 }}\n'
    with pytest.raises(ValueError, match=words):
        read_show(PAIR.format(transition="fade", more="") + cue)
    with pytest.raises(ValueError, match="the show has no decks"):
        read_show(cue)
