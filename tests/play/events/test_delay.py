"""A delay is the same for everything that arrives, and keeps its order."""

from __future__ import annotations

from engine.play.events.delay import Delay
from engine.sources.contract import Moved


def test_rows_are_played_so_much_later() -> None:
    delay = Delay(100)
    assert delay.due([(5, "/a", 1.0), (7, "/b", 2.0)], 10) == []
    assert delay.due([(60, "/c", 3.0)], 104) == []
    assert delay.due([], 106) == [(105, "/a", 1.0)]
    assert delay.due([], 1000) == [(107, "/b", 2.0), (160, "/c", 3.0)]
    assert delay.due([], 2000) == []


def test_hands_too() -> None:
    delay = Delay(50)
    moved = Moved(1, "nano", "midi/1/cc/7", 0.5)
    assert delay.due([moved], 20) == []
    (found,) = delay.due([], 51)
    assert found == moved._replace(arrival_ns=51)
    assert isinstance(found, Moved)


def test_without_a_delay_nothing_changes() -> None:
    rows = [(5, "/a", 1.0)]
    assert Delay(0).due(rows, 0) == rows
