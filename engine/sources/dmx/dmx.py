"""Lighting desks by Art-Net and sACN: each channel is a control that a hand moves.

Own packets and no library: those that are kept read in threads of their own, tell senders apart by
universe instead of by name, and merge nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from engine.sources.contract import Item, Moved
from engine.sources.dmx.decode import MAX_PACKET_BYTES, decode
from engine.sources.dmx.listeners import listen
from engine.sources.dmx.universe import Universe
from engine.system.sockets import Senders

__all__ = ["ADDRESSES", "Config", "Receiver", "decode", "open"]

ADDRESSES: tuple[str, ...] = ()
"""None of its own: what the mappings make of its controls."""
MOST_UNIVERSES = 16
MOST_PACKETS = 32
"""Read in one poll."""
MOST_REFUSALS = 16
"""Explained between two polls."""
_OPEN = "everyone on that network can steer what its channels are mapped to"
_PAIR = re.compile(r"(\d{1,5})/(\d{1,3})\+(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Config:
    """Which universes to listen to.

    Parameters
    ----------
    host
        Address to listen on. Loopback unless the operator opened the network; then sACN is also
        heard by multicast.
    universes
        Heard; packets of others are said and left out.
    protocol
        ``artnet``, ``sacn``, or ``both``.
    merge
        What counts of two senders with the same priority: ``htp``, the highest level of each
        channel, or ``ltp``, the level that was changed last.
    pairs
        Channels that are one control of 16 bits, coarse and fine: ``1/5+6``.
    artnet_port, sacn_port
        UDP ports; 0 takes a free one.
    allow
        Addresses and networks that may send; empty: all.
    """

    host: str = "127.0.0.1"
    universes: tuple[int, ...] = (1,)
    protocol: Literal["artnet", "sacn", "both"] = "both"
    merge: Literal["htp", "ltp"] = "htp"
    pairs: tuple[str, ...] = ()
    artnet_port: int = 6454
    sacn_port: int = 5568
    allow: tuple[str, ...] = ()


def open(config: Config, now_ns: Callable[[], int]) -> Receiver:
    """Listen for a desk.

    Raises
    ------
    ValueError
        If a universe or a pair cannot be.
    OSError
        If a port cannot be listened on; its text is one sentence for people.
    """
    pairs, senders = _read_pairs(config), Senders(config.allow)
    universes = {
        number: Universe(number, config.merge == "ltp", pairs.get(number, ()))
        for number in config.universes
    }
    ports = {"artnet": config.artnet_port, "sacn": config.sacn_port}
    wanted = [name for name in ports if config.protocol in (name, "both")]
    groups = tuple(number for number in config.universes if number > 0)
    sockets: list[socket.socket] = []
    try:
        for name in wanted:
            sockets += listen(config.host, ports[name], groups if name == "sacn" else ())
    except OSError:
        for each in sockets:
            each.close()
        raise
    return Receiver(universes, sockets, senders, now_ns)


class Receiver:
    """Open sockets of a desk, a context manager; `warning` says if other machines can send."""

    def __init__(
        self,
        universes: dict[int, Universe],
        sockets: list[socket.socket],
        senders: Senders,
        now_ns: Callable[[], int],
    ) -> None:
        self._universes, self._sockets, self._now_ns = universes, sockets, now_ns
        self._senders = senders
        self._refusals: dict[str, None] = {}
        self._turn = 0
        places = [each.getsockname() for each in sockets]
        self.ports = tuple(port for _, port in places)
        opened = [host for host, _ in places if not host.startswith("127.")]
        self.warning = f"a lighting desk is heard on {opened[0]}: {_OPEN}" if opened else ""
        self.received = self.refused = 0

    @property
    def state(self) -> str:
        """Which universe is lost, if one is."""
        lost = [str(number) for number, each in self._universes.items() if each.is_lost]
        return f"lost the desk of universe {', '.join(lost)}; its last levels stay" if lost else ""

    def poll(self, max_items: int) -> list[Item]:  # noqa: ARG002 - the contract
        """Give no events: a desk moves controls."""
        return []

    def moved(self, max_items: int) -> list[Moved]:
        """Take what has arrived, without waiting: channels that changed, at most so many.

        Where more changed, the rest comes with the next polls, as it is by then: a desk that moves
        everything is never behind.
        """
        found = list[Moved]()
        self._tell(list(self._universes.values()), found, max_items)
        for data, address in self._read():
            self.received += 1
            if self._senders and not self._senders.may_send(address):
                self.refused += 1
                if self._senders.is_news(address):
                    self._refusals[f"{address} is not on the list of senders: turned away"] = None
                continue
            packet = decode(data)
            if isinstance(packet, str):
                self._refuse(packet)
                continue
            universe = self._universes.get(packet.universe)
            if universe is None:
                heard = ", ".join(map(str, self._universes))
                self._refuse(f"universe {packet.universe} is not in `universes`: {heard} are heard")
                continue
            self._refuse(universe.take(packet, address, self._now_ns()))
            self._tell([universe], found, max_items)
        for universe in self._universes.values():
            universe.tend(self._now_ns())
        self._tell(list(self._universes.values()), found, max_items)
        return found

    def refusals(self) -> list[tuple[str, str]]:
        """Say what was left out since this was last asked: (address, why), each once."""
        found, self._refusals = list(self._refusals), {}
        return [("", why) for why in found]

    def close(self) -> None:
        """Close the sockets."""
        for each in self._sockets:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()

    def _read(self) -> Iterator[tuple[bytes, str]]:
        """Read what waits, from each socket in turn."""
        waiting = list(self._sockets)
        for number in range(MOST_PACKETS):
            if not waiting:
                return
            each = waiting[number % len(waiting)]
            try:
                data, place = each.recvfrom(MAX_PACKET_BYTES)
            except (BlockingIOError, InterruptedError):
                waiting.remove(each)
            except OSError:  # Windows: longer than this, or passed on from another socket
                self._refuse("a packet is longer than any of Art-Net or sACN")
            else:
                yield data, str(place[0])

    def _refuse(self, why: str) -> None:
        """Count and keep a reason; an empty one is none."""
        self.refused += bool(why)
        if why and len(self._refusals) < MOST_REFUSALS:
            self._refusals[why] = None

    def _tell(self, universes: list[Universe], found: list[Moved], most: int) -> None:
        """Add what changed; the universes take turns to be first."""
        now, self._turn = self._now_ns(), self._turn + 1
        first = self._turn % len(universes)
        for each in universes[first:] + universes[:first]:
            for name, value in each.news(most - len(found)):
                found.append(Moved(now, "dmx", f"dmx/{each.number}/{name}", value))


def _read_pairs(config: Config) -> dict[int, set[int]]:
    """Read universes and pairs: universe → coarse channels."""
    if not 1 <= len(config.universes) <= MOST_UNIVERSES:
        raise ValueError(f"config.universes: 1 to {MOST_UNIVERSES} universes")
    if not all(0 <= number <= 63_999 for number in config.universes):
        raise ValueError("config.universes: from 0 (Art-Net) or 1 (sACN) to 63999")
    found: dict[int, set[int]] = {}
    for text in config.pairs:
        match = _PAIR.fullmatch(text)
        number, coarse, fine = map(int, match.groups()) if match else (0, 0, 0)
        there = found.setdefault(number, set())
        is_free = not there & {coarse - 1, coarse, coarse + 1}
        is_pair = 1 <= coarse < 512 and fine == coarse + 1
        if not (match and number in config.universes and is_pair and is_free):
            raise ValueError(
                f"config.pairs: '{text[:40]}' is no pair: write UNIVERSE/COARSE+FINE, like 1/5+6, "
                "of a universe that is heard and of two neighbours that are in no other pair"
            )
        there.add(coarse)
    return found
