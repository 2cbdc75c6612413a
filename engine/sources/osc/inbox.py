"""Inbox of OSC packets, from wherever they come: bounded, decoded, kept until their time."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence

from engine.core.event import Value
from engine.sources.contract import Item
from engine.sources.osc.decode import IMMEDIATELY, MAX_PACKET_BYTES, Decoded, Refusal, decode
from engine.system.sockets import Senders

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


MAX_POLL_BYTES = 262_144
MOST_HEARD = 4096
"""Addresses whose senders are kept until they are given out."""
MOST_REFUSALS = 64
"""Explained between two polls."""


class Inbox:
    """What reads packets and hands over items; who knows where they come from says how to read one.

    Parameters
    ----------
    now_ns
        The clock that stamps arrivals, in nanoseconds.
    max_packet_bytes
        Longer packets are refused.
    max_poll_bytes
        One `poll` stops reading after this many bytes.

    Attributes
    ----------
    received
        Packets read.
    refused
        Messages (and pieces that are no messages) left out of those packets.
    senders
        The allow list.
    turned_away
        Packets of machines that are not on it.
    hears
        Whether `came` is to know who sent what.
    wall_ns
        The clock of the day, see `engine.sources.contract`; without it nothing waits for its time.
    delay_ns
        How long what has no time tag waits.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        max_packet_bytes: int = MAX_PACKET_BYTES,
        max_poll_bytes: int = MAX_POLL_BYTES,
    ) -> None:
        self._now_ns = now_ns
        self._max_packet_bytes = max_packet_bytes
        self._max_poll_bytes = max_poll_bytes
        self._schedule = Schedule()
        self._refusals: list[Refusal] = []
        self._waiting: deque[Item] = deque()  # the rest of a bundle that was longer than max_items
        self.wall_ns: Callable[[], int] | None = None
        self.delay_ns = 0
        self.received = self.refused = 0
        self.senders = Senders(())
        self.turned_away = 0
        self.hears = False
        self._heard: defaultdict[str, deque[str]] = defaultdict(deque)  # address → its senders
        self._sender = ""  # of the packet that was read last

    def poll(self, max_items: int) -> list[Item]:
        """Take what has arrived, in order, without waiting.

        Reads at most `max_items` packets and `max_poll_bytes` (plus one packet); the rest
        waits in the kernel for the next poll.

        Returns
        -------
        list
            (arrival_ns, address, value) of each message.
        """
        items = [self._waiting.popleft() for _ in range(min(max_items, len(self._waiting)))]
        if self._schedule:
            items += self._schedule.due(self._now_ns(), max_items - len(items))
        packets = 0
        room_bytes = self._max_poll_bytes
        while len(items) < max_items and packets < max_items and room_bytes > 0:
            packets += 1
            packet = self._read()
            if packet is None:
                break
            room_bytes -= len(packet)
            if not self._is_welcome():
                continue
            arrival_ns = self._now_ns()
            decoded = self._decode(packet)
            if decoded.times and self.wall_ns is not None:
                items += self._sort_by_time(decoded, arrival_ns, self.wall_ns())
            else:
                for address, value in decoded.messages:
                    if not self.delay_ns:
                        items.append((arrival_ns, address, value))
                    else:
                        self._keep(arrival_ns + self.delay_ns, address, value)
        self._waiting.extend(items[max_items:])
        return items[:max_items]

    def _read(self) -> bytes | None:
        """Read one packet; None if there is none, empty if one was lost."""
        raise NotImplementedError

    def _is_welcome(self) -> bool:
        """Whether the sender is on the allow list; who is not is counted, and said once."""
        if not self.senders or self.senders.may_send(self._sender):
            return True
        self.turned_away += 1
        if self.senders.is_news(self._sender):
            why = "turned away: not on the list of senders (--osc-allow, `allow` of the source)"
            self._refuse(0, [(self._sender, why)])
        return False

    def _keep(self, due_ns: int, address: str, value: Value) -> None:
        try:
            self._schedule.add(due_ns, address, value)
        except ValueError as error:
            self._refuse(1, [(address, str(error))])

    def _decode(self, packet: bytes) -> Decoded:
        self.received += 1
        if len(packet) > self._max_packet_bytes:
            why = f"a packet is longer than max_packet_bytes, {self._max_packet_bytes}"
            decoded = Decoded([], 1, 0, (), [("", why)])
        else:
            decoded = decode(packet)
        if decoded.refused:
            self._refuse(decoded.refused, decoded.refusals)
        if self.hears:
            for address, _ in decoded.messages:
                self._heard[address].append(self._sender)
        return decoded

    def came(self, items: Iterable[Item]) -> dict[str, list[str]]:
        """Tell from whom items came that `poll` has given: host → addresses."""
        found: dict[str, list[str]] = {}
        for _, address, _ in items:
            if senders := self._heard[address]:
                found.setdefault(senders.popleft(), []).append(address)
        if len(self._heard) > MOST_HEARD:
            self._heard.clear()
        return found

    def refusals(self) -> list[Refusal]:
        """Say what was left out since this was last asked: (address, why), a bounded number."""
        found, self._refusals = self._refusals, []
        return found

    def _sort_by_time(self, decoded: Decoded, arrival_ns: int, wall_ns: int) -> list[Item]:
        """Give the messages whose time has come; keep those that are for later."""
        found: list[Item] = []
        for (address, value), tag in zip(decoded.messages, decoded.times, strict=True):
            try:
                ahead = ahead_ns(tag, wall_ns)
            except ValueError as error:
                self._refuse(1, [(address, str(error))])
                continue
            if tag == IMMEDIATELY:
                ahead = self.delay_ns
            if ahead:
                self._keep(arrival_ns + ahead, address, value)
            else:
                found.append((arrival_ns, address, value))
        return found

    def _refuse(self, count: int, explained: Sequence[Refusal]) -> None:
        self.refused += count
        self._refusals += explained[: MOST_REFUSALS - len(self._refusals)]
