"""Laws of mappings: takeover never jumps unasked, encoders mean what their makers say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.mappings import (
    ARRIVED_NS,
    Bound,
    Hand,
    bind,
    clicks,
    move,
    position,
    present,
)
from engine.core.curves import CURVES, shape
from engine.core.event import Value
from engine.core.show.mapping import CODINGS, TAKEOVERS, ControlMapping, check_control
from engine.core.show.state import first_state
from tests.making import read_show

SHOW = read_show('signals = ["wind"]\n[[cues]]\nid = "one"\nset = { "/layer/form/opacity" = 0.5 }')
GLOW = "/layer/form/effect/glow"
AMOUNT, MODE, SOFT = f"{GLOW}/amount", f"{GLOW}/mode", f"{GLOW}/soft"
WAYS = st.lists(st.integers(0, 127).map(lambda n: n / 127.0), min_size=1, max_size=30)
LATER = 2 * ARRIVED_NS


def bound(address: str, control: str = "midi/1/cc/7", **more: Any) -> Bound:
    return bind(SHOW, {"/show/save"}, ControlMapping(control, address, **more))


class Desk:
    """One control and the value that it moves, which arrives at once."""

    def __init__(self, mapped: Bound, value: float) -> None:
        self.mapped, self.value = mapped, value
        self.hand, self.now_ns = Hand(), 0

    def move(self, value: float, wait_ns: int = LATER) -> Value | None:
        self.now_ns += wait_ns
        self.hand, sent = move(self.mapped, self.hand, value, self.now_ns, self.value)
        if isinstance(sent, (int, float)):
            self.value = float(sent)
        return sent


@given(WAYS, st.floats(0.0, 1.0), st.sampled_from([0, 1, LATER]))
def test_pickup_changes_nothing_until_the_control_comes_by(
    way: list[float], value: float, wait_ns: int
) -> None:
    desk = Desk(bound(AMOUNT), value)
    is_held = False
    for at in way:
        before = desk.value
        sent = desk.move(at, wait_ns)
        if not is_held and sent is not None:
            is_held = True
            assert sent == at
        assert desk.value == (at if is_held else before)


@given(st.floats(-3.0, 3.0), st.sampled_from(sorted(CURVES)), st.booleans())
def test_a_whole_way_always_picks_up(value: float, curve: str, turned: bool) -> None:
    """Also a value that lies outside the mapping's range."""
    ends = (0.8, 0.2) if turned else (0.2, 0.8)
    desk = Desk(bound(AMOUNT, curve=curve, range=ends), value)
    for n in range(128):
        desk.move(n / 127.0)
    assert desk.value == pytest.approx(ends[0] + shape(curve, 1.0) * (ends[1] - ends[0]))


@given(WAYS, st.floats(0.0, 1.0))
def test_scale_never_jumps_and_meets_at_the_ends(way: list[float], value: float) -> None:
    desk = Desk(bound(AMOUNT, takeover="scale"), value)
    before: float | None = None
    for at in way:
        was = desk.value
        desk.move(at)
        assert 0.0 <= desk.value <= 1.0
        if before is None:
            assert abs(desk.value - was) <= 2.0 / 127.0 + 1e-12
        else:
            assert (desk.value - was) * (at - before) >= 0.0  # the same way as the hand
        before = at
    for end in (1.0, 0.0):
        desk.move(end)
        if end != before:
            assert desk.value == pytest.approx(end, abs=1e-12)
        before = end
    desk.move(0.25)
    assert desk.value == pytest.approx(0.25)  # both at an end: from there on it is in hand


@given(WAYS, st.floats(0.0, 1.0), st.sampled_from([t for t in TAKEOVERS if t != "scale"]))
def test_what_is_in_hand_follows_and_a_cue_takes_it_out(
    way: list[float], value: float, takeover: str
) -> None:
    desk = Desk(bound(AMOUNT, takeover=takeover), value)
    desk.move(0.0)
    desk.move(1.0)  # the whole way
    for at in way:
        desk.move(at)
        assert desk.value == at
    desk.value = 0.5 if way[-1] < 0.25 or way[-1] > 0.75 else 0.0  # a cue
    recalled = desk.value
    desk.move(way[-1])
    assert desk.value == (way[-1] if takeover == "jump" else recalled)


def test_a_value_on_its_way_does_not_take_itself_out_of_the_hand() -> None:
    """Events take effect some frames after they were sent."""
    mapped, hand = bound(AMOUNT), Hand()
    for n, at in enumerate([0.5, 0.6, 0.7, 0.9]):
        hand, sent = move(mapped, hand, at, n * 8_000_000, 0.5)
        assert sent == (None if n == 0 and sent is None else at)
    assert hand.asked == 0.9


@pytest.mark.parametrize(
    ("coding", "bits", "steps"),
    [
        ("twos_complement", (1, 2, 63, 127, 126, 64), (1, 2, 63, -1, -2, -64)),
        ("offset_64", (65, 66, 127, 63, 62, 1, 64), (1, 2, 63, -1, -2, -63, 0)),
        ("sign_magnitude", (1, 2, 63, 65, 66, 127), (1, 2, 63, -1, -2, -63)),
        ("ones_complement", (1, 2, 63, 126, 125, 64), (1, 2, 63, -1, -2, -63)),
    ],
)
def test_encoders_in_four_codings(
    coding: str, bits: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    assert tuple(clicks(coding, each / 127.0) for each in bits) == steps


@given(st.sampled_from(CODINGS[1:]), st.floats(-2.0, 3.0))
def test_any_number_of_an_encoder_is_a_step(coding: str, value: float) -> None:
    assert -64 <= clicks(coding, value) <= 63


@given(st.lists(st.integers(-3, 3), max_size=40), st.booleans())
def test_an_encoder_adds_up_and_stops_at_the_ends(turns: list[int], fast: bool) -> None:
    desk = Desk(bound(AMOUNT, coding="twos_complement", step=0.05), 0.5)
    wanted = 0.5
    for turn in turns:
        desk.move((turn % 128) / 127.0, 1 if fast else LATER)
        wanted = min(max(wanted + 0.05 * turn, 0.0), 1.0)
        assert desk.value == pytest.approx(wanted, abs=1e-9)


def test_an_encoder_needs_several_clicks_for_a_choice_if_the_step_says_so() -> None:
    desk = Desk(bound(MODE, coding="offset_64", step=0.25), 1.0)
    seen = []
    for _ in range(8):
        desk.move(65 / 127.0)
        seen.append(desk.value)
    assert seen == [1.0] + 7 * [2.0]
    assert Desk(bound(MODE, coding="offset_64"), 1.0).move(63 / 127.0) == 0.0


def test_buttons() -> None:
    note = "midi/1/note/60"
    toggle = Desk(bound(SOFT, note), 1.0)
    assert [toggle.move(v, 1) for v in (0.1, 0.0, 0.9, 0.9, 0.0)] == [0.0, None, 1.0, None, None]
    toggle.value = 0.0
    assert toggle.move(1.0) == 1.0  # whatever it asked for before
    held = Desk(bound(AMOUNT, note, mode="momentary", range=(0.2, 0.9)), 0.5)
    assert [held.move(v) for v in (1.0, 0.0)] == [0.9, 0.2]
    soft = Desk(bound(AMOUNT, note, mode="velocity"), 0.5)
    assert [soft.move(v) for v in (0.25, 0.0, 0.75)] == [0.25, None, 0.75]
    steps = Desk(bound(MODE, note, mode="step"), 1.0)
    assert [steps.move(v) for v in (1, 0, 1, 0, 1)] == [2.0, None, 0.0, None, 1.0]
    back = Desk(bound(MODE, note, mode="step", step=-1.0), 1.0)
    assert [back.move(v) for v in (1, 0, 1)] == [0.0, None, 2.0]
    third = Desk(bound(AMOUNT, note, mode="step", step=0.4), 0.0)
    assert [third.move(v) for v in (1, 0, 1, 0, 1)] == [0.4, None, 0.8, None, 0.0]


def test_triggers_fire_once_a_press() -> None:
    for address, value in (
        ("/cue/one/go", True), ("/cue/1/go", True), ("/show/save", True),
        ("/layer/form/path/release", True),
    ):  # fmt: skip
        pad = Desk(bound(address, "midi/10/note/36"), 0.0)
        assert [pad.move(v, 1) for v in (0.2, 0.8, 0.0, 0.4)] == [value, None, None, value]
    fader = Desk(bound("/cue/one/go"), 0.0)  # a knob presses in its upper half
    assert [fader.move(v, 1) for v in (0.3, 0.7, 0.8, 0.2)] == [None, True, None, None]
    colour = Desk(bound(f"{GLOW}/tint", "key/c", value=(1.0, 0.0, 0.0, 1.0)), 0.0)
    assert colour.move(1.0) == (1.0, 0.0, 0.0, 1.0)
    assert Desk(bound(MODE, "key/c", value="b"), 0.0).move(1.0) == "b"
    assert Desk(bound(AMOUNT, "key/c", mode="trigger", range=(0, 0.5)), 0.0).move(1.0) == 0.5


def test_a_stick_rests_in_the_middle_and_a_signal_has_no_ends() -> None:
    stick = Desk(bound("/master/steer_x", "gamepad/1/axis/left_x", range=(-2, 2)), 0.0)
    assert [stick.move(v) for v in (0.5, -1.0, 0.0)] == [1.0, -2.0, 0.0]
    wind = Desk(bound("/signal/wind", takeover="jump", range=(-1, 3)), 0.0)
    assert wind.move(0.5) == 1.0


@given(st.sampled_from(sorted(set(CURVES) - {"step"})), st.floats(0.0, 1.0), st.booleans())
def test_the_position_shown_is_where_the_control_would_be(
    curve: str, at: float, turned: bool
) -> None:
    mapped = bound(AMOUNT, curve=curve, range=(0.9, 0.1) if turned else (0.1, 0.9))
    value = mapped.low + shape(curve, at) * (mapped.high - mapped.low)
    shown = mapped.low + shape(curve, position(mapped, value)) * (mapped.high - mapped.low)
    assert shown == pytest.approx(value, abs=1e-5)


def test_the_value_that_is_there_is_the_one_on_its_way() -> None:
    state = first_state(SHOW)
    assert present(SHOW, state, bound("/layer/form/opacity")) == 1.0
    assert present(SHOW, state, bound("/signal/wind")) == 0.0
    assert present(SHOW, state, bound("/show/save")) == 0.0


@pytest.mark.parametrize(
    ("address", "more", "why"),
    [
        (AMOUNT, {"range": (0.0, 2.0)}, "range: two different numbers from 0 to 1"),
        (AMOUNT, {"range": (0.5, 0.5)}, "range: two different numbers"),
        (MODE, {"value": "d"}, "one of a, b, c"),
        ("/cue/one/go", {"mode": "toggle"}, 'is fired; "toggle" needs a value'),
        (f"{GLOW}/tint", {}, "several numbers: map /layer/form/effect/glow/tint/r and"),
        ("/layer/form/path/key", {"value": (1.0, 2.0)}, "takes numbers: say them all with value"),
    ],
)
def test_what_cannot_be_moved_is_said(address: str, more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bound(address, **more)


@pytest.mark.parametrize("address", ["/layer/none/opacity", "/signal/none", "/cue/2/go", ""])
def test_what_is_not_there_is_missing(address: str) -> None:
    with pytest.raises(KeyError):
        bound(address)


@pytest.mark.parametrize(
    "control",
    ["midi/1/cc/7", "midi/16/note/127", "midi/1/note/36-43", "midi/1/cc14/31", "midi/1/bend",
     "midi/1/pressure", "midi/1/pressure/60", "midi/1/nrpn/16383", "midi/2/program/5", "key/a",
     "midi/1/program", "gamepad/1/axis/left_x", "dmx/1/512", "osc/1/fader1", "key/ctrl+f1"],
)  # fmt: skip
def test_controls_have_names(control: str) -> None:
    check_control(control)


@pytest.mark.parametrize(
    "control",
    ["", "midi", "/midi/1/cc/7", "midi/0/cc/7", "midi/17/cc/7", "midi/1/cc/128", "midi/1/cc",
     "midi/1/cc/1-3", "midi/1/note/43-36", "midi/1/cc14/32", "midi/1/nrpn/16384", "midi/1/wheel",
     "a b/c", "midi/99999999999999999999/cc/1", "key/", "Key/a", "x/" + 70 * "y"],
)  # fmt: skip
def test_what_is_no_control_is_said(control: str) -> None:
    with pytest.raises(ValueError, match=r"control|channel|number after|range is of notes"):
        check_control(control)
