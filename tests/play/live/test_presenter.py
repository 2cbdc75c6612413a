"""The presenter: what is laid over the window, for how long, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.core.show.state import first_state
from engine.play.live import presenter
from engine.play.live.bindings import rows
from engine.play.live.presenter import ACT_S, TOAST_S, WindowPresenter
from tests.making import read_show

SHOW = read_show()
FACTS: dict[str, Any] = {
    "show": "Form", "keys": rows(SHOW), "cue": "", "next": "", "seconds": 3.0, "bpm": 120.0,
    "fps": 60.0, "frame_ms": [12.0] * 30, "skipped": 0, "level": 0.5, "flags": (), "sound": "off",
    "osc": "127.0.0.1:9000",
    "generators": {"form": {"rate_hz": 15.0, "age_ms": 71.0, "state": "ready"}},
}  # fmt: skip


class Window:
    """What the presenter asks of a window."""

    is_fullscreen, room_px = False, (640, 360)

    def __init__(self, has_operator: bool) -> None:
        self.has_operator = has_operator
        self.laid: dict[str, np.ndarray | None] = {}
        self.pending: list[tuple[str, object]] = []

    def overlay(self, rgba: np.ndarray | None, place: str = "top") -> None:
        self.laid[place] = rgba

    def events(self) -> list[tuple[str, object]]:
        pending, self.pending = self.pending, []
        return pending

    def set_cursor(self, _: bool) -> None: ...  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(presenter.time, "monotonic", lambda: now[0])
    return now


def shown(window: Window, presenting: WindowPresenter, clock: list[float], after_s: float) -> bool:
    """Whether anything lies over the picture some seconds later."""
    clock[0] += after_s
    presenting.refresh(lambda: FACTS)
    return window.laid.get("top") is not None


def test_an_act_is_said_for_two_seconds_and_a_message_for_six(clock: list[float]) -> None:
    assert (ACT_S, TOAST_S) == (2.0, 6.0)
    window = Window(has_operator=False)
    presenting = WindowPresenter(window, (64, 36), "")
    assert not shown(window, presenting, clock, 0.1)
    window.pending = [("/window/key", "b")]
    presenting.read_input(SHOW, first_state(SHOW), 0.0)
    assert shown(window, presenting, clock, 0.0)
    assert shown(window, presenting, clock, 1.9)
    assert not shown(window, presenting, clock, 0.2)
    presenting.toast("the sound is lost")
    assert shown(window, presenting, clock, 0.0)
    assert window.laid["top"].shape[0] == 40  # type: ignore[union-attr]
    presenting.toast("truncation 0.95", ACT_S, "act")
    assert shown(window, presenting, clock, 0.0)
    assert window.laid["top"].shape[0] == 88  # type: ignore[union-attr]
    presenting.toast("", kind="act")
    assert shown(window, presenting, clock, 5.9)
    assert not shown(window, presenting, clock, 0.2)


def test_lines_are_drawn_once(clock: list[float]) -> None:
    window = Window(has_operator=False)
    presenting = WindowPresenter(window, (64, 36), "")
    presenting.toast("once")
    assert shown(window, presenting, clock, 0.0)
    first = window.laid["top"]
    for _ in range(10):
        shown(window, presenting, clock, 0.3)
    assert window.laid["top"] is first


def test_names_of_cues_are_shown_on_wish_and_fade(clock: list[float]) -> None:
    window = Window(has_operator=False)
    presenting = WindowPresenter(window, (64, 36), "")
    presenting.name_cue("two_minds", "earth")
    assert not shown(window, presenting, clock, 0.1)
    presenting.run("names")
    assert not shown(window, presenting, clock, 10.0)  # what the key did is said no more
    presenting.name_cue("two_minds", "earth")
    light = []
    for after_s in (0.0, 2.3, 0.3, 0.2, 0.1):
        assert shown(window, presenting, clock, after_s)
        light.append(int(window.laid["top"][..., 3].max()))  # type: ignore[index]
    assert light[0] == light[1] > light[2] > light[3] > light[4] > 0
    assert not shown(window, presenting, clock, 0.2)
    assert presenter.names_of("two_minds", "earth") == "Two Minds · next Earth"
    assert presenter.names_of("", "earth") == "next Earth"
    assert presenter.names_of("two_minds", "") == "Two Minds"


def test_meters_are_the_operators(clock: list[float]) -> None:
    alone, second = Window(has_operator=False), Window(has_operator=True)
    for window in (alone, second):
        presenting = WindowPresenter(window, (64, 36), "")
        shown(window, presenting, clock, 0.5)
        presenting.run("help")
        assert shown(window, presenting, clock, 0.1)
    assert alone.laid["bottom"] is None
    assert second.laid["bottom"].shape == (20, 640, 4)  # type: ignore[union-attr]


def test_pictures_are_counted_over_a_second() -> None:
    pace = presenter.Pace()
    for number in range(200):
        pace.add(10.0 + number / 50)
    assert pace.fps == pytest.approx(50.0, abs=0.5)


def test_the_help_panel_says_who_leads_the_beat() -> None:
    assert "120.0 bpm · skipped" in presenter._summary(FACTS)[0]
    assert "120.0 bpm by link · skipped" in presenter._summary({**FACTS, "led_by": "link"})[0]
