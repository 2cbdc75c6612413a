"""Hands: keys and mouse as events; nothing is lost while an event is on its way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.frame.advance import resolve
from engine.play.live.keyboard import QUIT_HOLD_S, STEER_GAIN, WHEEL_GAIN, Keyboard
from tests.making import read_show, run

SHOW = read_show("""
[[cues]]
id = "one"
key = "1"
[keys]
x = "/layer/form/path/jump"
""")
STATE = run(SHOW, 5)


def read(keyboard: Keyboard, *items, state=STATE, now_s: float = 0.0):
    return keyboard.read(SHOW, state, items, now_s)


def press(key: str):
    return ("/window/key", key)


@pytest.mark.parametrize(
    ("key", "address"),
    [("1", "/cue/one/go"), ("x", "/layer/form/path/jump"), ("space", "/master/jump"),
     ("tab", "/transport/tap")],
)  # fmt: skip
def test_keys_fire(key: str, address: str) -> None:
    found = read(Keyboard(), press(key))
    assert [(a, v) for a, v in found.events if v] == [(address, 1)]
    assert found.commands == []


@pytest.mark.parametrize(
    ("key", "address"),
    [("b", "/master/blackout"), ("h", "/master/freeze"), ("a", "/autopilot/on")],
)
def test_toggles_turn_over(key: str, address: str) -> None:
    keyboard = Keyboard()
    ((found, first),) = read(keyboard, press(key)).events
    ((_, second),) = read(keyboard, press(key), now_s=0.05).events  # not in the state yet
    assert (found, first, second) == (address, 1, 0)
    on = run(SHOW, 9, [(7, address, True)])
    assert read(Keyboard(), press(key), state=on).events == [(address, 0)]
    json.dumps([first, second])  # what a take can write down


@pytest.mark.parametrize(
    ("key", "command"),
    [("f", "fullscreen"), ("escape", "leave"), ("t", "card"), ("f1", "help"), ("k", "keep"),
     ("m", "music")],
)  # fmt: skip
def test_commands_for_the_host(key: str, command: str) -> None:
    found = read(Keyboard(), press(key))
    assert (found.commands, found.events) == ([command], [])


def test_quitting_is_held() -> None:
    keyboard = Keyboard()
    assert read(keyboard, press("ctrl+q"), now_s=10.0).commands == []
    assert read(keyboard, now_s=10.0 + QUIT_HOLD_S / 2).commands == []
    assert read(keyboard, now_s=10.0 + QUIT_HOLD_S).commands == ["quit"]


@pytest.mark.parametrize("key", ["q", "ctrl", "ctrl+q"])
def test_letting_go_quits_nothing(key: str) -> None:
    keyboard = Keyboard()
    read(keyboard, press("ctrl+q"), now_s=10.0)
    read(keyboard, ("/window/key_up", key), now_s=10.5)
    assert read(keyboard, now_s=20.0).commands == []


def test_closing_the_window_quits() -> None:
    assert read(Keyboard(), ("/window/close", True)).commands == ["quit"]


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), min_size=1, max_size=20))
def test_a_drag_counts_whole_however_late_its_events_take_effect(moves) -> None:
    keyboard = Keyboard()
    for n, move in enumerate(moves):
        events = read(keyboard, ("/window/drag", move), now_s=n / 60).events  # the state lags
    wanted = [STEER_GAIN * sum(move[axis] for move in moves) for axis in (0, 1)]
    assert [v for _, v in events] == pytest.approx(wanted)


def test_a_drag_that_ends_lets_go_of_steering_and_a_click_does_not() -> None:
    keyboard = Keyboard()
    click = [("/window/button", "left"), ("/window/button_up", "left")]
    assert read(keyboard, *click).events == []
    read(keyboard, ("/window/button", "left"), ("/window/drag", (0.1, 0.0)), now_s=0.0)
    ended = read(keyboard, ("/window/button_up", "left"), now_s=0.1).events
    assert ended == [("/master/steer_release", True)]
    assert read(keyboard, ("/window/button_up", "left"), now_s=0.2).events == []
    next_ = read(keyboard, ("/window/drag", (0.1, 0.0)), now_s=0.2).events
    assert next_[0][1] == pytest.approx(0.25)  # from where the state is, not from what was asked


def test_a_drag_goes_on_from_where_others_left_it() -> None:
    keyboard = Keyboard()
    read(keyboard, ("/window/drag", (0.1, 0.0)), now_s=0.0)
    moved = run(SHOW, 9, [(7, "/master/steer_x", 3.0)])
    events = read(keyboard, ("/window/drag", (0.1, 0.0)), state=moved, now_s=5.0).events
    assert dict(events)["/master/steer_x"] == pytest.approx(3.0 + 0.1 * STEER_GAIN)


def test_the_wheel_truncates_step_by_step_within_its_range() -> None:
    keyboard = Keyboard()
    two = read(keyboard, ("/window/scroll", 1.0), ("/window/scroll", 1.0)).events
    assert [v for _, v in two] == pytest.approx([1 + WHEEL_GAIN, 1 + 2 * WHEEL_GAIN])
    assert read(keyboard, ("/window/scroll", -1000.0)).events[0][1] == 0.0
    assert read(keyboard, ("/window/scroll", 1.0)).events[0][1] == pytest.approx(WHEEL_GAIN)


def test_strange_events_do_nothing() -> None:
    items = [press("ü"), ("/window/key", 3.0), ("/window/drag", 1.0), ("/window/scroll", "up"),
             ("/window/pointer", (0.0, 0.0))]  # fmt: skip
    found = read(Keyboard(), *items)
    assert (found.events, found.commands) == ([], [])


def test_every_event_of_the_keys_is_known_to_a_show() -> None:
    for key in ("space", "tab", "b", "h", "a"):
        for address, value in read(Keyboard(), press(key)).events:
            assert resolve(SHOW, address, value)


@pytest.mark.parametrize(
    ("key", "texts"),
    [("b", ["blackout on", "blackout off"]), ("h", ["frozen", "moving again"]),
     ("a", ["autopilot on", "autopilot off"]), ("space", ["fly to a new place"] * 2),
     ("1", ["scene One"] * 2)],
)  # fmt: skip
def test_keys_say_what_they_did(key: str, texts: list[str]) -> None:
    keyboard = Keyboard()
    said = [read(keyboard, press(key), now_s=n / 10).acts for n in range(2)]
    assert said == [[text] for text in texts]


def test_the_wheel_says_how_far_it_truncates() -> None:
    assert read(Keyboard(), ("/window/scroll", -4.0)).acts == ["truncation 0.80"]


def test_taps_say_the_tempo_that_they_brought_about() -> None:
    keyboard, said = Keyboard(), []
    taps = [(tick, "/transport/tap", True) for tick in (10, 70, 130)]
    for tick in range(9, 140, 10):
        said += read(keyboard, state=run(SHOW, tick, taps)).acts
    assert said == ["tap 1", "tap 2", "120.0 bpm"]


def test_shift_reaches_what_a_show_hides() -> None:
    show = read_show('[keys]\nk = "/layer/form/path/jump"')
    state = run(show, 5)
    assert Keyboard().read(show, state, [press("k")], 0.0).commands == []
    assert Keyboard().read(show, state, [press("shift+k")], 0.0).commands == ["keep"]


def test_a_key_of_a_show_turns_a_switch_over() -> None:
    show = read_show('[keys]\ns = "/layer/form/solo"')
    state, keyboard = run(show, 5), Keyboard()
    first, second = (keyboard.read(show, state, [press("s")], n / 10) for n in range(2))
    assert first.events + second.events == [("/layer/form/solo", 1.0), ("/layer/form/solo", 0.0)]
    assert first.acts[0].startswith("form: ")
    assert second.acts[0].startswith("off: form: ")
