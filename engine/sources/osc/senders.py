"""Senders: which machines may send OSC, by their addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

MOST_KNOWN = 256
MOST_TOLD = 8


class Senders:
    """An allow list; empty: everybody who can reach the port may send.

    Parameters
    ----------
    allowed
        Addresses (``192.168.1.20``) and networks (``10.0.0.0/8``).

    Raises
    ------
    ValueError
        If one of them is neither.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._networks = [_read(text) for text in allowed]
        self._known: dict[str, bool] = {}
        self._told: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._networks)

    def may_send(self, sender: str) -> bool:
        """Whether a machine is on the list."""
        found = self._known.get(sender)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[sender] = self._look_up(sender)
        return found

    def _look_up(self, sender: str) -> bool:
        address = ipaddress.ip_address(sender.partition("%")[0])
        own = getattr(address, "ipv4_mapped", None) or address
        return any(own in network for network in self._networks)

    def is_news(self, sender: str) -> bool:
        """Whether a machine is turned away for the first time, and not too many were before."""
        is_news = sender not in self._told and len(self._told) < MOST_TOLD
        self._told |= {sender} if is_news else set()
        return is_news


def _read(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"'{text[:60]}' is no sender: write an address like 192.168.1.20, or a network like "
            "10.0.0.0/8"
        ) from None
