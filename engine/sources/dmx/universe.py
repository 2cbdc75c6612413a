"""A universe of 512 channels and its senders: whose levels count, and which of them are news."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.sources.dmx.decode import ARTNET, CHANNELS, SACN, Packet

Levels = NDArray[np.int16]
"""0 to 255 of each channel, -1 where nothing was ever said [shape=(512,)]."""

SILENT_NS = {ARTNET: 10_000_000_000, SACN: 2_500_000_000}
"""After so long a sender is gone (Art-Net 4, merging; E1.31, 6.7.1)."""
MOST_SENDERS = {ARTNET: 2, SACN: 8}
"""Of one universe: Art-Net merges two and no more; E1.31 leaves it to the receiver."""
_LATE = 20  # E1.31, 6.7.2: packets that are later than so many are a sender that began anew


def _silence() -> Levels:
    return np.full(CHANNELS, -1, np.int16)


@dataclass(slots=True, eq=False)
class _Sender:
    protocol: str
    seen_ns: int
    sequence: int | None = None
    priority: int = 0
    said: bytes | None = None
    levels: Levels = field(default_factory=_silence)


class Universe:
    """Merges the senders of one universe.

    The highest priority counts. Of several with the same, the highest level of each channel does
    (HTP), or the level that was changed last (LTP). When the last sender is gone, its levels stay.

    Parameters
    ----------
    is_latest
        LTP instead of HTP.
    pairs
        First channels of what is read as 16 bits together with the channel after it.

    Attributes
    ----------
    levels
        What counts now.
    is_lost
        Whether every sender has gone.
    """

    def __init__(self, number: int, is_latest: bool = False, pairs: Collection[int] = ()) -> None:
        self.number = number
        self.levels: Levels = _silence()
        self.is_lost = False
        self._is_latest = is_latest
        self._senders: dict[tuple[str, bytes | str], _Sender] = {}
        fine = {coarse + 1 for coarse in pairs}
        first = [channel for channel in range(1, CHANNELS + 1) if channel not in fine]
        self._names = [f"{c}+{c + 1}" if c in pairs else str(c) for c in first]
        self._first = np.array(first) - 1
        self._is_pair = np.isin(first, list(pairs))
        self._told = np.full(len(first), -1, np.int32)
        self._next = 0  # control that news begin with: all have their turn
        self._has_news = False

    def take(self, packet: Packet, address: str, now_ns: int) -> str:
        """Take a packet of an address; say why it was left out, else nothing."""
        self.tend(now_ns)
        key = packet.protocol, packet.source or address
        sender = self._senders.get(key)
        if packet.is_last:
            if sender is not None:
                self._leave(key)
            return ""
        is_new = sender is None
        if sender is None:
            there = sum(name[0] == packet.protocol for name in self._senders)
            if there >= MOST_SENDERS[packet.protocol]:
                return f"{address} is one sender too many: {there} are heard already"
            sender = self._senders[key] = _Sender(packet.protocol, now_ns)
        elif packet.sequence is not None and sender.sequence is not None:
            step = (packet.sequence - sender.sequence + 128) % 256 - 128
            if -_LATE < step <= 0:
                return f"a packet of {address} came late or twice"
        self.is_lost = False
        before, ranks = sender.levels, self._highest()
        is_known = sender.said == packet.levels and sender.priority == packet.priority
        sender.sequence, sender.priority, sender.seen_ns = packet.sequence, packet.priority, now_ns
        if is_known:
            return ""  # as most packets are
        sender.said, sender.levels = packet.levels, before.copy()
        sender.levels[: len(packet.levels)] = np.frombuffer(packet.levels, np.uint8)
        self._has_news = True
        if not self._is_latest or self._highest() != ranks:
            self._merge()
        elif sender.priority == ranks:
            moved = self.levels < 0 if is_new else sender.levels != before
            self.levels[moved] = sender.levels[moved]
        return ""

    def tend(self, now_ns: int) -> None:
        """Let go of senders that have fallen silent."""
        for key, sender in tuple(self._senders.items()):
            if now_ns - sender.seen_ns > SILENT_NS[sender.protocol]:
                self._leave(key)

    def news(self, most: int) -> Iterator[tuple[str, float]]:
        """Give the channels that changed since they were last given: at most so many.

        Yields
        ------
        tuple
            ``5``, or ``5+6`` of a coarse and a fine channel, and its value in 0..1.
        """
        if not self._has_news:
            return
        level, is_pair = self.levels.astype(np.int32), self._is_pair
        value = level[self._first]
        fine = level[self._first[is_pair] + 1]
        value[is_pair] = np.where(fine < 0, -1, 256 * value[is_pair] + fine)
        changed = np.flatnonzero((value != self._told) & (value >= 0))
        changed = np.roll(changed, -int(np.searchsorted(changed, self._next)))
        self._has_news = len(changed) > most
        for control in changed[: max(most, 0)].tolist():
            self._told[control], self._next = value[control], control + 1
            yield self._names[control], int(value[control]) / (65_535 if is_pair[control] else 255)

    def _leave(self, key: tuple[str, bytes | str]) -> None:
        ranks = self._highest()
        del self._senders[key]
        self.is_lost, self._has_news = not self._senders, True
        if self._senders and (not self._is_latest or self._highest() != ranks):
            self._merge()

    def _highest(self) -> int:
        return max((sender.priority for sender in self._senders.values()), default=-1)

    def _merge(self) -> None:
        highest = self._highest()
        heard = [s.levels for s in self._senders.values() if s.priority == highest]
        merged = heard[0] if len(heard) == 1 else np.max(heard, axis=0)
        self.levels = np.where(merged < 0, self.levels, merged)
