"""Every kind of modulator: one value at each moment, whoever asks when; each what it is for."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.control.modulation import hear
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.values import effective
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State, first_state
from engine.documents.modulation_tables import KINDS
from tests.making import film, frames_at, read_show, run

TARGET = "/layer/form/effect/glow/amount"
KEYS = {
    "adsr": 'gate = "hand"\nattack_s = 0.05\ndecay_s = 0.1\nsustain = 0.4\nrelease_s = 0.2',
    "follower": 'signal = "hand"\nattack_s = 0.02\nrelease_s = 0.2',
    "sequence": "values = [0.1, 0.9, 0.5]\nbeats = 0.5\nglide = 0.4\nswing = 0.3",
    "brownian": "rate_hz = 3.0",
    "counter": 'gate = "hand"\nmodulo = 3',
    "logic": 'signals = ["hand"]\nthreshold = 0.6\nhysteresis = 0.2',
    "sample_hold": 'signal = "lfo/o"\ngate = "hand"',
    "expression": 'expression = "mix(lfo/o, hand, 0.5) * noise(time * 3) + 0.1 * sin(beat)"',
    "one_euro": 'signal = "hand"\nmin_cutoff_hz = 2.0\nbeta = 0.5',
    "slew": 'signal = "hand"\nrise_per_s = 4.0\nfall_per_s = 2.0',
    "breakpoints": 'signal = "lfo/o"\npoints = [[0, 0.2], [0.3, 1], [0.6, 0], [1, 0.5]]\n'
    'shape = "cubic"',
}
HEAD = """
signals = ["hand"]
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
[[layers.effects]]
id = "glow"
shader = "glow"
[[lfos]]
id = "o"
rate_hz = 0.7
"""


def text_of(kind: str, keys: str | None = None, more: str = "") -> str:
    return f"""{HEAD}
[[modulators]]
id = "m"
kind = "{kind}"
{KEYS[kind] if keys is None else keys}
[[routes]]
signal = "mod/m"
target = "{TARGET}"
depth = 1.0
mode = "replace"
{more}"""


def show_of(kind: str, keys: str | None = None, more: str = "", control_hz: str = "120"):
    return read_show(text_of(kind, keys, more), control_hz)


def level(show, state: State, dt: float = 0.0) -> float:
    """The modulator's signal, `dt` seconds after the state's tick."""
    return hear(show, state, dt, show.constants.everything)[show.signal_of["mod/m"]]


def played(show, values: dict[int, float], ticks: int) -> list[State]:
    """States of all ticks, with what the hand does on some of them."""
    states, state = [], first_state(show)
    for tick in range(ticks):
        came = [Event(tick, "/signal/hand", values[tick])] if tick in values else []
        state = advance(show, state, tick, came)
        states.append(state)
    return states


def test_every_kind_is_tried_here() -> None:
    assert KEYS.keys() == KINDS.keys()


hands = st.dictionaries(st.integers(0, 59), st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), max_size=12)


@settings(max_examples=12)
@pytest.mark.parametrize("kind", KEYS)
@given(hand=hands)
def test_frame_rates_agree_to_the_bit_where_their_frames_meet(kind: str, hand) -> None:
    show = show_of(kind)
    events = {t: [Event(t, "/signal/hand", v)] for t, v in hand.items()}
    place = show.registry.index[TARGET]
    found = {}
    for fps in (24, 60, 144):
        times = frames_at(fps, 0.5)
        plans = film(show, times, events)[1]
        found[fps] = dict(zip(times, (p.values[place] for p in plans), strict=True))
    for fps in (24, 60):
        met = found[fps].keys() & found[144].keys()
        assert len(met) > 5
        for seconds in met:
            assert found[fps][seconds] == found[144][seconds]


@settings(max_examples=12)
@pytest.mark.parametrize("kind", sorted(KEYS.keys() - {"logic", "counter", "sample_hold"}))
@given(hand=hands)
def test_between_ticks_it_goes_where_the_next_tick_finds_it(kind: str, hand) -> None:
    """The closed form meets the tick: what is sampled just before it is what the tick computes."""
    show = show_of(kind)
    states = played(show, hand, 60)
    for before, after in pairwise(states):
        if after.tick in hand and KINDS[kind].step is None:
            continue  # the hand moves it at once
        assert level(show, before, 1 / 120) == pytest.approx(level(show, after), abs=1e-9)


@pytest.mark.parametrize("kind", KEYS)
def test_a_snapshot_goes_on_to_the_bit(kind: str) -> None:
    show = show_of(kind)
    hand = {5: 1.0, 30: 0.0, 41: 0.7, 61: 0.2, 70: 1.0, 90: 0.0}
    whole = played(show, hand, 120)
    state = from_data(show, json.loads(json.dumps(to_data(show, whole[59]))))
    for tick in range(60, 120):
        came = [Event(tick, "/signal/hand", hand[tick])] if tick in hand else []
        state = advance(show, state, tick, came)
        assert state.modulators == whole[tick].modulators
        assert state.signals.tobytes() == whole[tick].signals.tobytes()
        assert level(show, state, 0.003) == level(show, whole[tick], 0.003)


@pytest.mark.parametrize("kind", KEYS)
def test_it_moves_stays_in_range_and_holds_in_a_frozen_show(kind: str) -> None:
    show = show_of(kind)
    hand = {5: 1.0, 20: 0.0, 40: 0.7, 60: 0.2, 70: 1.0}
    values = [level(show, state) for state in played(show, hand, 100)]
    assert len(set(values)) > 1
    assert 0.0 <= min(values) <= max(values) <= (2.0 if kind == "counter" else 1.2)
    events = [(t, "/signal/hand", v) for t, v in hand.items()] + [(50, "/master/freeze", 1)]
    place = show.registry.index[TARGET]
    frozen = [(run(show, tick, events), tick / 120) for tick in (51, 69)]
    seen = {effective(show, state, s + more)[place] for state, s in frozen for more in (0.0, 0.2)}
    assert len(seen) == 1


def test_an_old_snapshot_and_another_kind_begin_anew() -> None:
    show = show_of("adsr")
    state = played(show, {5: 1.0}, 30)[-1]
    old = to_data(show, state)
    del old["modulators"]
    assert from_data(show, old).modulators == first_state(show).modulators
    other = show_of("slew")
    assert migrate(show, other, state).modulators == first_state(other).modulators
    assert migrate(show, show_of("adsr", KEYS["adsr"] + "\n"), state).modulators == state.modulators


# what each is for


def test_an_envelope_rises_falls_to_its_sustain_and_lets_go() -> None:
    show = show_of("adsr")
    states = played(show, {0: 1.0, 60: 0.0}, 121)
    assert level(show, states[0], 0.025) == pytest.approx(0.5)
    assert level(show, states[0], 0.05) == pytest.approx(1.0)
    assert level(show, states[0], 0.15) == pytest.approx(0.4 + 0.6 * math.exp(-1.0))
    assert level(show, states[59]) == pytest.approx(0.4, abs=0.01)
    held = level(show, states[60])
    assert level(show, states[60], 0.2) == pytest.approx(held * math.exp(-1.0))
    assert level(show, states[84]) == pytest.approx(held * math.exp(-1.0))


def test_a_pulse_of_one_tick_reaches_the_top_and_rises_again() -> None:
    show = show_of("adsr", 'gate = "hand"\nattack_s = 0.1\nrelease_s = 0.1')
    values = [level(show, s) for s in played(show, {0: 1.0, 1: 0.0, 20: 1.0, 21: 0.0}, 60)]
    assert values[12] == pytest.approx(1.0)
    assert values[20] < values[19] < 1.0
    assert max(values[20:]) > 0.95


def test_an_envelope_is_opened_by_a_parameter_and_by_an_event() -> None:
    switch = show_of("adsr", 'gate = "/layer/form/effect/glow/soft"')
    state = run(switch, 10, [(2, "/layer/form/effect/glow/soft", 0)])
    assert level(switch, run(switch, 10)) > level(switch, state)
    event = show_of("adsr", 'gate = "/master/jump"\nattack_s = 0.0')
    assert level(event, run(event, 10)) == 0.0
    assert level(event, run(event, 10, [(10, "/master/jump", 1)])) == 1.0
    later = run(event, 30, [(10, "/master/jump", 1)])
    assert 0.0 < level(event, later) < 1.0


def test_a_follower_hears_how_large_something_is() -> None:
    show = show_of("follower", 'signal = "hand"\nattack_s = 0.0\nrelease_s = 0.1')
    states = played(show, {3: -0.8, 10: 0.0}, 23)
    assert level(show, states[3]) == 0.8
    assert level(show, states[22]) == pytest.approx(0.8 * math.exp(-1.0))


def test_a_sequence_steps_on_the_beat_with_glide_and_swing() -> None:
    keys = "values = [1.0, 2.0, 4.0]\nbeats = 1.0"
    states = played(show_of("sequence", keys), {}, 240)  # 120 beats a minute
    found = [level(show_of("sequence", keys), states[tick]) for tick in (0, 59, 60, 119, 120, 180)]
    assert found == [1.0, 1.0, 2.0, 2.0, 4.0, 1.0]
    gliding = show_of("sequence", keys + "\nglide = 0.5")
    assert level(gliding, run(gliding, 75)) == pytest.approx(1.5)
    swinging = show_of("sequence", keys + f"\nswing = {1 / 3}")
    assert level(swinging, run(swinging, 79)) == 1.0
    assert level(swinging, run(swinging, 81)) == 2.0
    assert level(swinging, run(swinging, 120)) == 4.0


def test_a_walk_is_brownian_bounded_and_its_own_past() -> None:
    show = show_of("brownian", "rate_hz = 10.0\nstride = 0.01")
    states = played(show, {}, 2400)
    steps = np.diff([level(show, s) for s in states[::12]])  # one cycle each
    assert np.std(steps) == pytest.approx(0.01, rel=0.2)
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 0.2
    halves = np.diff([level(show, s) for s in states[::6]])
    assert np.std(halves) == pytest.approx(0.01 * math.sqrt(0.5), rel=0.2)
    wild = show_of("brownian", "rate_hz = 60.0\nstride = 5.0")
    values = [level(wild, s) for s in played(wild, {}, 300)]
    assert 0.0 <= min(values) < 0.1 < 0.9 < max(values) <= 1.0
    events = [(60, "/master/speed", -1.0)]
    back = run(show, 119, events)  # a second there, a second back
    assert level(show, back, 1 / 120) == pytest.approx(level(show, states[0]), abs=1e-3)


def test_a_counter_counts_and_is_reset() -> None:
    show = show_of("counter", 'gate = "hand"\nmodulo = 3\nreset = "/master/jump"')
    hand = {t: float(t % 2 == 0) for t in range(1, 21)}
    values = [level(show, s) for s in played(show, hand, 21)]
    assert values[:9] == [0, 0, 1, 1, 2, 2, 0, 0, 1]
    events = [(t, "/signal/hand", v) for t, v in hand.items()] + [(9, "/master/jump", 1)]
    assert level(show, run(show, 9, events)) == 0.0


@pytest.mark.parametrize(
    ("op", "expected"),
    [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("not", [1, 0, 0, 0])],
)
def test_logic_of_two(op: str, expected) -> None:
    show = show_of("logic", f'op = "{op}"\nsignals = ["hand", "/layer/form/opacity"]')
    cases = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    found = [
        level(show, run(show, 3, [(1, "/signal/hand", a), (1, "/layer/form/opacity", b)]))
        for a, b in cases
    ]
    assert found == expected


def test_logic_has_hysteresis_and_edges() -> None:
    show = show_of("logic")
    hand = {1: 0.5, 2: 0.7, 3: 0.5, 4: 0.39, 5: 0.5}
    assert [level(show, s) for s in played(show, hand, 6)] == [0, 0, 1, 1, 0, 0]
    below = show_of("logic", KEYS["logic"] + '\nop = "below"')
    assert [level(below, s) for s in played(below, hand, 6)] == [1, 1, 0, 0, 1, 1]
    edge = show_of("logic", KEYS["logic"] + '\nop = "edge"')
    assert edge.signal_of["mod/m"] in edge.pulses
    assert [level(edge, s) for s in played(edge, hand, 6)] == [0, 0, 1, 0, 0, 0]


def test_an_edge_is_held_until_a_frame_has_seen_it() -> None:
    show = show_of("logic", 'op = "edge"\nsignals = ["hand"]')
    place = show.registry.index[TARGET]
    for fps in (24, 60, 120):
        plans = film(show, frames_at(fps, 0.5), {6: [Event(6, "/signal/hand", 1.0)]})[1]
        seen = [p.seconds for p in plans if p.values[place] == 1.0]
        assert seen == [math.ceil(Fraction(6, 120) * fps) / fps]


def test_a_sample_is_held() -> None:
    show = show_of("sample_hold")
    states = played(show, {10: 1.0, 20: 0.0, 30: 1.0}, 40)
    lfo = show.signal_of["lfo/o"]
    assert {level(show, s, 0.004) for s in states[10:30]} == {states[10].signals[lfo]}
    assert level(show, states[35]) == states[30].signals[lfo] != states[10].signals[lfo]


def test_a_slew_goes_so_far_in_a_second() -> None:
    show = show_of("slew")
    states = played(show, {1: 1.0, 60: 0.0}, 121)
    assert level(show, states[1], 0.1) == pytest.approx(0.4)
    assert level(show, states[31]) == pytest.approx(1.0)
    assert level(show, states[60], 0.1) == pytest.approx(0.8)


def test_a_one_euro_filter_calms_what_trembles_and_follows_what_moves() -> None:
    show = show_of("one_euro", 'signal = "hand"\nmin_cutoff_hz = 0.5\nbeta = 2.0')
    trembling = {t: 0.5 + 0.01 * (-1) ** t for t in range(120)}
    values = [level(show, s) for s in played(show, trembling, 120)]
    assert np.ptp(values[60:]) < 0.005
    leap = played(show, {0: 0.0, 30: 1.0}, 45)
    assert level(show, leap[-1]) > 0.8


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-9, 9)), min_size=2, max_size=8,
                unique_by=lambda p: p[0]), st.floats(-1.2, 1.2))  # fmt: skip
@settings(max_examples=60)
def test_a_cubic_never_leaves_the_range_of_its_two_points(points, x: float) -> None:
    points = sorted([a / 50, b / 9] for a, b in points)
    found = {}
    for shape in ("linear", "cubic", "step"):
        keys = f'signal = "hand"\npoints = {points}\nshape = "{shape}"'
        show = show_of("breakpoints", keys)
        found[shape] = level(show, played(show, {0: x}, 1)[0])
    near = [y for p, q in pairwise(points) if p[0] <= x <= q[0] for y in (p[1], q[1])]
    near = near or [points[0][1] if x < points[0][0] else points[-1][1]]
    for shape in found:
        assert min(near) - 1e-9 <= found[shape] <= max(near) + 1e-9


# together


def test_they_hear_each_other_in_any_order_and_a_circle_is_named() -> None:
    two = """
[[modulators]]
id = "n"
kind = "expression"
expression = "{}"
"""
    show = show_of("expression", 'expression = "mod/n + 1"', two.format("lfo/o * 0 + 3"))
    assert [m.id for m in show.modulators] == ["n", "m"]
    assert level(show, run(show, 3)) == 4.0
    with pytest.raises(ValueError, match=r"in a circle: mod/\w → mod/\w → mod/\w"):
        show_of("expression", 'expression = "mod/n + 1"', two.format("mod/m"))
    with pytest.raises(ValueError, match="in a circle: mod/m → mod/m"):
        show_of("expression", 'expression = "mod/m + 1"')


def test_a_strangers_show_costs_only_so_much() -> None:
    many = "".join(f'[[modulators]]\nid = "n{i}"\nkind = "expression"\nexpression = "{{}}"\n'
                   for i in range(511))  # fmt: skip
    show = show_of("expression", None, many.replace("{}", "lfo/o"))
    assert len(show.modulators) == 512
    with pytest.raises(ValueError, match="more than 10000 characters"):
        show_of("expression", None, many.replace("{}", "lfo/o + lfo/o + lfo/o"))
    with pytest.raises(ValueError, match="modulators: 513 of them"):
        show_of("expression", None, many.replace("{}", "1") + many.split("[[")[1].join(["[[", ""])
                .replace('"n0"', '"more"').replace("{}", "1"))  # fmt: skip


def test_a_parameter_is_heard_as_hands_and_cues_set_it_between_ticks_too() -> None:
    cue = """
[[cues]]
id = "c"
set = { "/layer/form/opacity" = 0.0 }
time_s = 1.0
curve = "linear"
[[routes]]
signal = "lfo/o"
target = "/layer/form/opacity"
depth = -1.0
"""
    show = show_of("expression", 'expression = "/layer/1/opacity"', cue)
    assert level(show, run(show, 3)) == 1.0
    state = run(show, 60, [(0, "/cue/c/go", 1)])
    assert level(show, state) == pytest.approx(0.5)
    assert level(show, state, 0.004) == pytest.approx(0.496)


def test_settings_are_parameters_that_routes_and_hands_move() -> None:
    show = show_of(
        "slew", more='[[routes]]\nsignal = "hand"\ntarget = "/mod/m/fall_per_s"\ndepth = 9'
    )
    state = run(show, 30, [(0, "/signal/hand", 1.0), (1, "/mod/m/rise_per_s", 0.5)])
    held = dict(zip(("rise", "fall"), state.modulators[0].held, strict=True))
    assert held == {"rise": 0.5, "fall": 11.0}


@pytest.mark.parametrize(
    ("kind", "keys", "why"),
    [
        ("adsr", "", "modulators[0]: the key 'gate' is missing"),
        ("adsr", 'gate = "nobody"', "modulators[0].gate: no signal 'nobody'"),
        ("adsr", 'gate = "hand"\nattack_s = -1', "modulators[0].attack_s: /mod/m/attack_s: -1"),
        (
            "adsr",
            'gate = "hand"\nattac_s = 1',
            "unknown key 'attac_s'; allowed are: kind, id, gate",
        ),
        ("slew", 'signal = "/layer/form/opacty"', "near are: /layer/form/opacity"),
        ("wobble", "", "modulators[0].kind: invalid value 'wobble'; allowed are: adsr"),
        ("sequence", "values = []", "modulators[0].values: 1 to 256 numbers"),
        ("sequence", "values = [1]\nbeats = 0", "modulators[0].beats: 0 is outside"),
        ("breakpoints", 'signal = "hand"\npoints = [[0, 1], [0, 2]]', "every x is larger"),
        ("breakpoints", 'signal = "hand"\npoints = [[0, 1], [1]]', "pairs [x, y]"),
        ("breakpoints", 'signal = "hand"\npoints = [[0, 1], [1, inf]]', "numbers of at most"),
        ("logic", 'signals = ["hand", "hand"]', "'above' takes 1 signal, not 2"),
        ("brownian", "stride = nan", "modulators[0].stride: nan is outside"),
        ("expression", 'expression = "1 +"', "modulators[0].expression: a number or a name"),
        ("counter", 'gate = "hand"\nmodulo = 0', "modulators[0].modulo"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(kind: str, keys: str, why: str) -> None:
    text = text_of("adsr", keys).replace('"adsr"', f'"{kind}"')
    with pytest.raises(ValueError, match="test: ") as caught:
        read_show(text)
    assert why in str(caught.value)
