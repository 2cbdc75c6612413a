"""One tick: events, triggers, cues, freeze, jumps, the beat, routes, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.event import Event, in_order
from engine.core.frame.advance import advance, resolve
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.latent.geometry import length
from engine.core.show.state import first_state
from tests.making import base, read_show, run

AMOUNT = "/layer/form/effect/glow/amount"
TINT = "/layer/form/effect/glow/tint"
Z = "/layer/form/generator/z"
CUES = """
start = "one"
[autopilot]
on = {on}
rest_s = 2.0
[[cues]]
id = "one"
set = {{ "/layer/form/effect/glow/amount" = 0.2, "/layer/form/effect/glow/soft" = false }}
time_s = 1.0
curve = "linear"
after_s = 3.0
next = "two"
[[cues]]
id = "two"
set = {{ "/layer/form/effect/glow/amount" = 0.8, "/layer/form/effect/glow/soft" = true }}
time_s = 2.0
delay_s = 0.5
curve = "linear"
quantise_beats = {quantise}
"""


def cued(on: str = "false", quantise: float = 0.0):
    return read_show(CUES.format(on=on, quantise=quantise))


def value(show, state, address: str, seconds: float | None = None) -> float:
    at = state.tick / 120 if seconds is None else seconds
    return float(effective(show, state, at)[show.registry.index[address]])


def test_ticks_are_never_left_out() -> None:
    show = read_show()
    with pytest.raises(ValueError, match="tick 5 does not follow tick -1"):
        advance(show, first_state(show), 5)


def test_the_state_before_is_left_alone() -> None:
    show = read_show()
    before = run(show, 10)
    kept = (before.base.tobytes(), before.signals.tobytes(), dict(before.fired))
    run(show, 20, [(11, AMOUNT, 0.9), (11, "/master/jump", True)], before)
    assert (before.base.tobytes(), before.signals.tobytes(), dict(before.fired)) == kept


def test_an_event_takes_effect_on_its_tick() -> None:
    show = read_show()
    assert base(show, run(show, 4, [(5, AMOUNT, 0.9)]), AMOUNT) == 0.5
    assert base(show, run(show, 5, [(5, AMOUNT, 0.9)]), AMOUNT) == 0.9


def test_the_last_event_of_a_tick_wins() -> None:
    events = [Event(0, AMOUNT, 0.1, "b", 1), Event(0, AMOUNT, 0.9, "a", 7)]
    show = read_show()
    state = advance(show, first_state(show), 0, in_order(events))
    assert base(show, state, AMOUNT) == 0.1


@pytest.mark.parametrize(
    ("address", "given", "stored"),
    [
        (AMOUNT, 7.0, 1.0),
        (AMOUNT, -7, 0.0),
        (AMOUNT, True, 1.0),
        (AMOUNT, 10**400, None),
        (AMOUNT, -(10**400), None),
        (AMOUNT, math.nan, None),
        (AMOUNT, math.inf, None),
        (AMOUNT, "half", None),
        (AMOUNT, (0.1, 0.2), None),
        ("/layer/form/path/motion", "orbit", 2.0),
        ("/layer/form/path/motion", 1.4, 1.0),
        ("/layer/form/path/motion", "sideways", None),
        ("/layer/form/path/seed", 3.6, 4.0),
        ("/master/freeze", 0.3, 1.0),
        ("/layer/nobody/opacity", 0.3, None),
        ("/layer/1/opacity", 0.25, 0.25),
    ],
)
def test_writes_are_coerced_or_refused(address: str, given, stored: float | None) -> None:
    show = read_show()
    before = first_state(show)
    after = advance(show, before, 0, [Event(0, address, given)])
    if stored is None:
        assert after.base.tobytes() == before.base.tobytes()
        assert after.touch_tick == -1
    else:
        assert base(show, after, address) == stored
        assert after.touch_tick == 0


def test_a_vector_is_written_whole_or_not_at_all() -> None:
    show = read_show()
    parts = [f"{TINT}/{part}" for part in "rgba"]
    state = run(show, 0, [(0, TINT, (0.1, 0.2, 0.3, 0.4))])
    assert [base(show, state, part) for part in parts] == [0.1, 0.2, 0.3, 0.4]
    for bad in ((0.5, 0.5), (0.5, 0.5, 0.5, math.nan), 0.5):
        state = run(show, 0, [(0, TINT, bad)])
        assert [base(show, state, part) for part in parts] == [1.0] * 4
    with pytest.raises(ValueError, match="takes 4 numbers"):
        resolve(show, TINT, 0.5)
    with pytest.raises(KeyError):
        resolve(show, "/nothing", 0.5)


def test_a_trigger_counts_presses_not_releases() -> None:
    show = read_show()
    jump = "/layer/form/path/jump"
    presses = [(0, jump, True), (1, jump, 0), (2, jump, 1.0), (3, jump, False), (4, jump, -1)]
    state = run(show, 5, presses)
    assert base(show, state, jump) == 3.0
    assert state.fired == {show.registry.index[jump]: 4}
    assert state.paths[0].place == 3


@pytest.mark.parametrize("value", ["", "go", (), (1.0,), math.nan, math.inf, 10**400])
def test_a_trigger_takes_numbers_only(value) -> None:
    show = read_show()
    with pytest.raises(ValueError, match="/master/jump takes any number but 0"):
        resolve(show, "/master/jump", value)
    state = run(show, 0, [(0, "/master/jump", value)])
    assert (dict(state.fired), state.touch_tick) == ({}, -1)


def test_a_jump_flies_from_where_it_was_and_lands_on_the_new_path() -> None:
    show = read_show()
    before = latents(show, run(show, 60), 60 / 120)[Z]
    state = run(show, 60, [(60, "/master/jump", True)])
    assert np.array_equal(latents(show, state, 60 / 120)[Z], before)
    assert [p.place for p in state.paths] == [1] * len(state.paths)
    landed = run(show, 60 + 97, [(60, "/master/jump", True)])
    there = run(show, 60 + 97)
    elsewhere = latents(show, landed, 157 / 120)[Z]
    assert length(elsewhere - latents(show, there, 157 / 120)[Z]) > 5.0
    # after jump_s = 0.8 s the flight is over: the old place has no say any more
    assert np.array_equal(
        elsewhere, latents(show, run(show, 157, [(20, "/master/jump", True)]), 157 / 120)[Z]
    )


def test_a_flight_holds_while_the_show_is_frozen() -> None:
    show = read_show()
    events = [(10, "/master/jump", True), (40, "/master/freeze", True)]
    frozen = run(show, 60, events)
    assert np.array_equal(
        latents(show, frozen, 0.5)[Z], latents(show, run(show, 400, events), 3.3)[Z]
    )
    through = run(show, 500, [*events, (400, "/master/freeze", False)])
    straight = run(show, 140, [(10, "/master/jump", True)])
    assert np.allclose(
        latents(show, through, 500 / 120)[Z], latents(show, straight, 140 / 120)[Z], atol=1e-6
    )


def test_freeze_holds_motion_and_steering_but_not_the_beat() -> None:
    show = read_show('[[lfos]]\nid = "o"\nrate_hz = 1.0\n[[routes]]\nsignal = "lfo/o"\n'
                     f'target = "{AMOUNT}"\ndepth = 0.5\n')  # fmt: skip
    state = run(show, 50, [(5, "/master/steer_x", 2.0), (30, "/master/freeze", 1)])
    assert state.is_still
    later = run(show, 90, [], state)
    assert (later.paths, later.lfos, later.steer) == (state.paths, state.lfos, state.steer)
    assert later.still_ticks == 60
    assert later.transport.beat == pytest.approx(1.5)
    assert value(show, later, AMOUNT) == value(show, state, AMOUNT)
    assert value(show, run(show, 30, [(30, "/master/freeze", 1)]), AMOUNT) == value(
        show, run(show, 30), AMOUNT
    )
    gone_on = run(show, 130, [(91, "/master/freeze", 0)], later)
    assert gone_on.paths[0].phase == pytest.approx(run(show, 130 - 61).paths[0].phase)


def test_a_route_cannot_freeze_the_show() -> None:
    show = read_show('signals = ["s"]\n[[routes]]\nsignal = "s"\ntarget = "/master/freeze"\n'
                     "depth = 1.0\n")  # fmt: skip
    assert not run(show, 20, [(3, "/signal/s", 1.0)]).is_still


def test_speed_moves_on_without_a_jump() -> None:
    show = read_show()
    slow = run(show, 60)
    fast = run(show, 60, [(60, "/layer/form/path/speed", 20.0)])
    assert fast.paths[0].phase == slow.paths[0].phase
    assert run(show, 61, [], fast).paths[0].phase == pytest.approx(slow.paths[0].phase + 20 / 120)
    assert np.array_equal(latents(show, slow, 0.5)[Z], latents(show, fast, 0.5)[Z])


def test_a_cue_moves_its_targets_together() -> None:
    show = cued()
    state = run(show, 60)
    assert value(show, state, AMOUNT) == pytest.approx(0.35)
    assert value(show, state, AMOUNT, 0.5 + 1 / 240) == pytest.approx(0.35 - 0.3 / 240)
    assert value(show, run(show, 120), AMOUNT) == pytest.approx(0.2)
    assert run(show, 121).ramps == ()
    assert value(show, state, "/layer/form/effect/glow/soft") == 0.0


def test_a_delayed_cue_waits_and_discrete_values_switch_with_it() -> None:
    show = cued()
    go = [(240, "/cue/two/go", True)]
    waiting = run(show, 240 + 59, go)
    assert value(show, waiting, AMOUNT) == pytest.approx(0.2)
    assert value(show, waiting, "/layer/form/effect/glow/soft") == 0.0
    begun = run(show, 240 + 60, go)
    assert value(show, begun, "/layer/form/effect/glow/soft") == 1.0
    assert value(show, run(show, 240 + 180, go), AMOUNT) == pytest.approx(0.5)
    assert value(show, run(show, 240 + 301, go), AMOUNT) == 0.8
    assert begun.cue == 1


def test_a_cue_takes_over_from_a_cue_on_its_way() -> None:
    show = cued()
    state = run(show, 60, [(60, "/cue/two/go", 1)])
    assert value(show, state, AMOUNT) == pytest.approx(0.35)
    assert value(show, run(show, 60 + 60 + 120, [(60, "/cue/two/go", 1)]), AMOUNT) == (
        pytest.approx((0.35 + 0.8) / 2)
    )


def test_a_touch_ends_the_ramp_of_what_it_touches() -> None:
    show = cued()
    state = run(show, 200, [(60, AMOUNT, 0.9)])
    assert value(show, state, AMOUNT) == 0.9


def test_a_quantised_cue_waits_for_its_beat() -> None:
    show = cued(quantise=4.0)  # 120 bpm: every 240 ticks
    state = run(show, 100, [(30, "/cue/two/go", True)])
    assert (state.cue, state.waiting) == (0, ((1, 4.0, False),))
    assert run(show, 239, [], state).cue == 0
    begun = run(show, 240, [], state)
    assert (begun.cue, begun.cue_tick, begun.waiting) == (1, 240, ())


def test_the_same_cue_waits_only_once() -> None:
    state = run(cued(quantise=4.0), 100, [(t, "/cue/two/go", True) for t in (30, 31, 60)])
    assert len(state.waiting) == 1


def test_a_new_beginning_of_the_beat_is_the_beat_that_cues_wait_for() -> None:
    show = cued(quantise=4.0)
    events = [(30, "/cue/two/go", True), (100, "/transport/resync", True)]
    state = run(show, 101, events)
    assert state.cue == 1
    assert state.transport.beat == pytest.approx(1 / 60)


def test_the_autopilot_goes_on_when_its_time_has_come() -> None:
    show = cued("true")
    assert run(show, 359).cue == 0
    state = run(show, 360)
    assert (state.cue, state.cue_tick) == (1, 360)
    assert run(show, 2000, [], state).cue == 1  # no next one


def test_the_autopilot_yields_to_a_touch() -> None:
    show = cued("true")
    touched = [(300, AMOUNT, 0.4)]
    assert run(show, 539, touched).cue == 0  # rest_s = 2 s after the touch
    assert run(show, 540, touched).cue == 1
    assert run(show, 2000, [(10, "/autopilot/on", False)]).cue == 0


def test_the_autopilot_yields_with_a_cue_that_waits_for_its_beat() -> None:
    show = cued("true", quantise=4.0)  # called on tick 360, due on beat 8: tick 480
    assert run(show, 400).waiting == ((1, 8.0, True),)
    assert run(show, 480).cue == 1
    assert run(show, 500, [(400, AMOUNT, 0.4)]).cue == 0
    assert run(show, 480, [(400, "/cue/two/go", True)]).cue == 1  # asked for by a person


def test_what_is_heard_is_no_touch() -> None:
    show = cued("true")
    heard = [(t, "/signal/audio", (0.5,) * 9) for t in range(0, 360, 10)]
    assert run(show, 360, heard).cue == 1


def test_taps_teach_the_tempo_and_mark_the_beat() -> None:
    show = read_show()
    taps = [(t, "/transport/tap", True) for t in (10, 100, 190, 280)]  # 90 ticks: 80 bpm
    state = run(show, 280, taps)
    assert state.transport.bpm == pytest.approx(80.0)
    assert base(show, state, "/transport/bpm") == pytest.approx(80.0)
    assert state.transport.beat == round(state.transport.beat)
    assert run(show, 280 + 90, [], state).transport.beat == pytest.approx(state.transport.beat + 1)


def test_two_taps_are_no_tempo_and_old_taps_are_forgotten() -> None:
    show = read_show()
    two = run(show, 90, [(t, "/transport/tap", True) for t in (0, 90)])
    assert two.transport.bpm == 120.0
    late = run(show, 500, [(t, "/transport/tap", True) for t in (0, 90, 450, 500)])
    assert late.transport.bpm == 120.0
    assert late.transport.taps == (450, 500)


def test_the_beat_is_a_signal() -> None:
    show = read_show()
    place = show.signal_of["beat/pulse"]
    pulses = [t for t in range(250) if run_to(show, t).signals[place] == 1.0]
    assert pulses == [60, 120, 180, 240]
    assert run(show, 75).signals[show.signal_of["beat/phase"]] == pytest.approx(0.25)


_STATES: dict[int, list] = {}


def run_to(show, tick: int):
    states = _STATES.setdefault(id(show), [first_state(show)])
    while len(states) <= tick + 1:
        states.append(advance(show, states[-1], len(states) - 1))
    return states[tick + 1]


def test_pulses_last_one_tick_and_the_strongest_of_a_tick_counts() -> None:
    show = read_show()
    row = [0.0] * 9
    onset = [*row[:4], 1.0, *row[5:]]
    events = [(7, "/signal/audio", tuple(onset)), (7, "/signal/audio", tuple(row))]
    place = show.signal_of["audio/onset"]
    assert run(show, 7, events).signals[place] == 1.0
    assert run(show, 8, events).signals[place] == 0.0


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("add", 0.5 + 0.4 * 0.25), ("multiply", 0.5 * (1 + 0.4 * (0.25 - 1))), ("replace", 0.1),
     ("max", 0.5)],
)  # fmt: skip
def test_routes_enter_by_their_mode(mode: str, expected: float) -> None:
    show = read_show(f'signals = ["s"]\n[[routes]]\nsignal = "s"\ntarget = "{AMOUNT}"\n'
                     f'depth = 0.4\nmode = "{mode}"\nrange = [2.0, 6.0]\n')  # fmt: skip
    state = run(show, 3, [(1, "/signal/s", 3.0)])
    assert value(show, state, AMOUNT) == pytest.approx(expected)


def test_a_routes_depth_is_a_parameter_that_routes_can_reach() -> None:
    show = read_show(f"""
signals = ["s", "t"]
[[routes]]
signal = "t"
target = "/route/deep/depth"
depth = 1.0
[[routes]]
id = "deep"
signal = "s"
target = "{AMOUNT}"
depth = 0.0
[[routes]]
id = "speed"
signal = "s"
target = "/layer/form/path/speed"
depth = 2.0
""")
    state = run(show, 3, [(1, "/signal/s", 0.3), (1, "/signal/t", 0.5)])
    assert value(show, state, AMOUNT) == pytest.approx(0.5 + 0.5 * 0.3)
    assert state.paths[0].speed == pytest.approx(0.15 + 2.0 * 0.3)
    less = run(show, 5, [(4, "/route/speed/depth", 1.0)], state)
    assert less.paths[0].speed == pytest.approx(0.15 + 0.3)


def test_the_one_euro_filter_is_calm_at_rest_and_quick_in_motion() -> None:
    show = read_show('signals = ["s"]\n[[routes]]\nsignal = "s"\n'
                     f'target = "{AMOUNT}"\ndepth = 0.5\n'
                     "one_euro = { min_cutoff_hz = 0.5, beta = 4.0 }\n")  # fmt: skip
    noise = [(t, "/signal/s", 0.01 * (t % 2)) for t in range(1, 120)]
    jump = [(120, "/signal/s", 1.0)]
    still = run(show, 119, noise).routes[0]
    assert abs(still.euro - 0.005) < 0.004
    assert run(show, 130, [*noise, *jump]).routes[0].euro > 0.9


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from(["/signal/s", "/signal/audio", AMOUNT, "/clock/jump", "/master/jump",
                             "/master/steer_x", "/transport/tap", "/layer/form/path/speed",
                             "/master/freeze"]),
            st.one_of(
                st.floats(), st.integers(), st.booleans(), st.text(max_size=5),
                st.lists(st.floats(), max_size=10).map(tuple), st.just(1e308), st.just(-1e308),
            ),
        ),
        max_size=30,
    )
)  # fmt: skip
def test_no_event_makes_a_number_that_is_none(events) -> None:
    show = read_show(f"""
signals = ["s"]
[[routes]]
signal = "s"
target = "{AMOUNT}"
depth = 10000.0
one_euro = {{}}
[[routes]]
signal = "s"
target = "{AMOUNT}"
depth = 10000.0
mode = "multiply"
range = [-1e8, 1e8]
[[routes]]
signal = "audio/level"
target = "/layer/form/path/offset"
depth = 0.3
attack_s = 0.1
release_s = 0.1
""")
    state = run(show, 40, events)
    assert np.isfinite(effective(show, state, 40 / 120)).all()
    assert np.isfinite(state.signals).all()
    assert all(np.isfinite(found).all() for found in latents(show, state, 40 / 120).values())
    assert all(math.isfinite(number) for route in state.routes for number in route)


def test_a_clock_jump_is_remembered() -> None:
    assert run(read_show(), 3, [(1, "/clock/jump", 2.5), (2, "/clock/jump", "x")]).lost_s == 2.5
