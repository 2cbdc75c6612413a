"""The date goes on with show time, over midnight and years."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.core.frame.date import begun, date_at


def at(today: tuple[int, int, int], second: float, seconds: float, lost_s: float = 0.0) -> Any:
    show: Any = SimpleNamespace(constants=SimpleNamespace(date=(0, 1)))
    state: Any = SimpleNamespace(signals=begun(today, second), lost_s=lost_s)
    return date_at(show, state, seconds)


@pytest.mark.parametrize(
    ("second", "seconds", "right"),
    [
        (3600.0, 0.0, (2026.0, 12.0, 31.0, 3600.0)),
        (86_399.0, 2.5, (2027.0, 1.0, 1.0, 1.5)),
        (-1.0, 0.0, (2026.0, 12.0, 30.0, 86_399.0)),
        (0.0, 59.0 * 86_400.0, (2027.0, 2.0, 28.0, 0.0)),
    ],
)
def test_the_date_is_carried_on(second: float, seconds: float, right: Any) -> None:
    assert at((2026, 12, 31), second, seconds) == right


def test_time_that_was_lost_counts() -> None:
    assert at((2026, 1, 1), 0.0, 1.0, lost_s=3.0) == (2026.0, 1.0, 1.0, 4.0)


def test_nobody_has_said_the_date() -> None:
    show: Any = SimpleNamespace(constants=SimpleNamespace(date=None))
    assert date_at(show, SimpleNamespace(signals=(0.0, 0.0)), 1.0) is None  # type: ignore[arg-type]
    assert at((2000, 1, 1), 5.0, 0.0) is None
