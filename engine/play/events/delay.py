"""Delay: what arrives at a source is played a fixed time later."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from engine.sources.contract import Moved


class Delay:
    """Rows in order of arrival that wait for their time, at 0 for none; as many as arrive in it."""

    def __init__(self, delay_ns: int = 0) -> None:
        self._delay_ns = delay_ns
        self._waiting: deque[tuple[int, Any]] = deque()

    def due(self, rows: Iterable[Any], now_ns: int) -> list[Any]:
        """Take what is due of these rows and of those before; each as if it arrived then."""
        if not self._delay_ns:
            return list(rows)
        self._waiting.extend((row[0] + self._delay_ns, row) for row in rows)
        found = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            moment, row = self._waiting.popleft()
            later = (moment, *row[1:])
            found.append(Moved(*later) if isinstance(row, Moved) else later)
        return found
