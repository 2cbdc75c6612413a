"""Schedule of messages whose time tag lies ahead: they wait, bounded in number and in time."""

from __future__ import annotations

import heapq

from engine.core.event import Value
from engine.sources.contract import Item
from engine.sources.osc.decode import IMMEDIATELY

MOST = 1024
MOST_AHEAD_S = 60
_FROM_1900_NS = 2_208_988_800 * 10**9
"""From the beginning of time tags (RFC 5905) to that of the system's clock."""


class Schedule:
    """Messages by the time that they are for."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str, Value]] = []  # due, order of arrival
        self._order = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due_ns: int, address: str, value: Value) -> None:
        """Let a message wait until a moment of the clock that stamps arrivals.

        Raises
        ------
        ValueError
            If too many wait already.
        """
        if len(self._heap) >= MOST:
            raise ValueError(f"{MOST} messages wait for their time already")
        self._order += 1
        heapq.heappush(self._heap, (due_ns, self._order, address, value))

    def due(self, now_ns: int, most: int) -> list[Item]:
        """Take what waited until now, each with the time that it was for."""
        found: list[Item] = []
        while self._heap and self._heap[0][0] <= now_ns and len(found) < most:
            due_ns, _, address, value = heapq.heappop(self._heap)
            found.append((due_ns, address, value))
        return found


def ahead_ns(tag: int, wall_ns: int) -> int:
    """How far a time tag lies ahead of the clock of the day, in ns since 1970; 0 if it does not.

    Raises
    ------
    ValueError
        If that is further than anything may wait.
    """
    if tag == IMMEDIATELY:
        return 0
    now = (wall_ns + _FROM_1900_NS << 32) // 10**9
    # The difference is right across the year 2036, too, when the 64 bits begin again.
    ahead = (tag - now + 2**63) % 2**64 - 2**63
    if ahead >> 32 >= MOST_AHEAD_S:
        raise ValueError(
            f"its time tag is {ahead >> 32} s ahead, more than {MOST_AHEAD_S} s: set the clocks "
            "of both machines, or send it later"
        )
    return max(ahead, 0) * 10**9 >> 32
