"""What sockets of one system tell or do otherwise than another's: ports, addresses, losses."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Iterable
from struct import unpack_from

# SO_MEMINFO (Linux 4.12, include/uapi/asm-generic/socket.h): nine unsigned ints, the last of them
# the packets that this socket dropped. It is the counter of SO_RXQ_OVFL, but that one comes with a
# received packet: it costs half a microsecond on each, and is silent about a flood's last drops.
_SO_MEMINFO = 55
_MEMINFO_BYTES = 36
_DROPS_AT = 32
MOST_KNOWN = 256
MOST_TOLD = 8


def keep_port(listener: socket.socket) -> None:
    """Let no second program take over the port that this socket will have."""
    if sys.platform == "win32":  # elsewhere none can
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)


def own_address() -> str:
    """The address of this machine in its network, as others reach it; empty if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # UDP: it only chooses a route, and sends nothing
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def dropped_packets(listener: socket.socket) -> int | None:
    """Packets that the kernel dropped at this socket, modulo 2³²; None where it does not tell."""
    if sys.platform == "linux":
        try:
            told = listener.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO_BYTES)
        except OSError:
            return None
        if len(told) == _MEMINFO_BYTES:
            return int(unpack_from("=I", told, _DROPS_AT)[0])
    return None


def listen_tcp(host: str, port: int) -> socket.socket:
    """Listen for connections, without waiting for one; port 0 takes a free one.

    Raises
    ------
    OSError, UnicodeError
        If that is not possible, see `why_not`.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, place = min(found, key=lambda f: f[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        keep_port(listener)
        if os.name == "posix":  # else a port stays taken for a minute after its last client
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(place)
        listener.listen(64)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on an address."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def reached(host: str) -> str:
    """The address by which others reach what listens on one; empty if nobody knows."""
    is_all = ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    return own_address() if is_all else host


def open_door(what: str, host: str, port: int) -> str:
    """Warn that others than this machine reach something; empty if they do not."""
    if is_loopback(host):
        return ""
    own = reached(host)
    hint = f" (others send to {own}:{port})" if own != host and own else ""
    return (
        f"{what} listens on {host}:{port}{hint}: everyone on that network can steer the show; "
        "use 127.0.0.1 to listen to this machine only"
    )


def why_not(what: str, host: str, port: int, error: Exception) -> str:
    """Say in one sentence why something cannot be listened for."""
    where = f"cannot listen for {what} on {host}:{port}"
    # gaierror first: its numbers are of another list than errno's.
    is_unknown = isinstance(error, socket.gaierror | UnicodeError)
    code = error.errno if isinstance(error, OSError) else None
    if is_unknown or code == errno.EADDRNOTAVAIL:
        return (
            f"{where}: this machine has no such address; use 127.0.0.1 for this machine or "
            "0.0.0.0 for all its networks"
        )
    if code == errno.EADDRINUSE:
        return (
            f"{where}: another program has this port; close it or choose another port "
            "(port 0 takes a free one)"
        )
    if code == errno.EACCES:
        return f"{where}: ports below 1024 need rights that we do not have; choose a higher one"
    return f"{where}: {error}"


class Senders:
    """An allow list of addresses and networks (``10.0.0.0/8``); empty: everybody may send.

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
