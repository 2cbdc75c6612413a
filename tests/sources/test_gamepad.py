"""Gamepads, read through a backend of the test's own: there is no pad where tests run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources import gamepad
from engine.sources.contract import Moved
from engine.sources.gamepad import NO_WINDOW, Config, Gamepads, Reading

REST = Reading("Pad", (0.0, 0.0, 0.0, 0.0, -1.0, -1.0), 15 * (False,))


class Pads:
    """Slots that a test fills."""

    def __init__(self, is_window: bool = True) -> None:
        self.slots: dict[int, Reading] = {}
        self.is_window = is_window

    def is_on(self) -> bool:
        return self.is_window

    def read(self, slot: int) -> Reading | None:
        return self.slots.get(slot)


@pytest.fixture
def pads() -> Pads:
    return Pads()


@pytest.fixture
def source(pads: Pads) -> Gamepads:
    return Gamepads(Config(), lambda: 7, pads)


def told(source: Gamepads) -> dict[str, float]:
    return {each.control: each.value for each in source.moved(99)}


def test_a_pad_comes_moves_and_goes(pads: Pads, source: Gamepads) -> None:
    source.tend(0.0)
    assert source.devices() == []
    pads.slots[1] = REST
    source.tend(0.1)  # it is looked for now and then
    assert source.devices() == []
    source.tend(1.0)
    assert source.devices() == ["Pad"]
    assert source.moved(99) == []  # nobody has touched it
    pads.slots[1] = REST._replace(
        axes=(1.0, 0.0, 0.0, -1.0, 1.0, 0.0), buttons=(True, *14 * (False,))
    )
    assert source.moved(2) == [
        Moved(7, "Pad", "gamepad/2/axis/left_x", 1.0),
        Moved(7, "Pad", "gamepad/2/axis/right_y", -1.0),
    ]  # fmt: skip
    assert told(source) == {
        "gamepad/2/trigger/left": 1.0, "gamepad/2/trigger/right": 0.5, "gamepad/2/button/a": 1.0,
    }  # fmt: skip
    assert source.moved(99) == []
    pads.slots.clear()
    assert told(source) == {
        "gamepad/2/axis/left_x": 0.0, "gamepad/2/axis/right_y": 0.0, "gamepad/2/trigger/left": 0.0,
        "gamepad/2/trigger/right": 0.0, "gamepad/2/button/a": 0.0,
    }  # fmt: skip
    assert source.devices() == []
    pads.slots[1] = REST
    source.tend(2.0)
    assert source.devices() == ["Pad"]
    assert source.poll(9) == []


def test_a_stick_without_names_has_numbers(pads: Pads, source: Gamepads) -> None:
    pads.slots[0] = Reading("Yoke", (0.0, 0.0), (False, False), False)
    source.tend(1.0)
    pads.slots[0] = Reading("Yoke", (0.0, -1.0), (False, True), False)
    assert told(source) == {"gamepad/1/axis/1": -1.0, "gamepad/1/button/1": 1.0}


@given(st.floats(0, 2 * math.pi), st.floats(0, 1.5), st.sampled_from([0.0, 0.12, 0.9]))
def test_the_dead_zone_is_round_and_without_a_jump(angle: float, reach: float, dead: float) -> None:
    source = Gamepads(Config(dead), lambda: 0, Pads())
    x, y = source._alive(reach * math.cos(angle), reach * math.sin(angle))
    assert math.hypot(x, y) == pytest.approx(
        max(min(reach, 1.0) - dead, 0.0) / (1.0 - dead), abs=1e-9
    )
    if math.hypot(x, y) > 1e-6:
        assert math.atan2(y, x) == pytest.approx(math.atan2(math.sin(angle), math.cos(angle)))
    assert source._alive(math.nan, 0.0) == (0.0, 0.0)


def test_small_trembling_is_no_movement_and_the_middle_is_exact(
    pads: Pads, source: Gamepads
) -> None:
    pads.slots[0] = REST
    source.tend(1.0)
    for x, count in ((0.5, 1), (0.5004, 0), (0.5008, 0), (0.55, 1), (0.05, 1), (0.0, 0)):
        pads.slots[0] = REST._replace(axes=(x, *REST.axes[1:]))
        assert len(source.moved(99)) == count, x
    assert source._values[0, "gamepad/1/axis/left_x"] == 0.0


def test_without_a_window_it_says_so_in_one_sentence() -> None:
    pads = Pads(is_window=False)
    pads.slots[0] = REST
    source = Gamepads(Config(), lambda: 0, pads)
    source.tend(1.0)
    assert source.state == NO_WINDOW
    assert source.devices() == []


def test_opening_needs_no_pad_and_refuses_a_dead_zone_of_everything() -> None:
    with gamepad.open(Config(), lambda: 0) as source:
        source.tend(0.0)
        assert source.moved(9) == []
    with pytest.raises(ValueError, match=r"dead_zone: 2 is outside 0 to 0.9"):
        gamepad.open(Config(2.0), lambda: 0)
