"""What sockets of one system tell or do otherwise than another's: ports, addresses, losses."""

from __future__ import annotations

import ipaddress
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


_MOST_KNOWN = 1024


class Hosts:
    """Hosts that may send something: this machine, and networks that were named.

    Parameters
    ----------
    names
        Addresses and networks (``192.168.1.40``, ``10.0.0.0/24``).

    Raises
    ------
    ValueError
        If one is neither; its text is one sentence for people.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._known: dict[str, bool] = {}
        try:
            self._networks = [ipaddress.ip_network(name, strict=False) for name in names]
        except ValueError as error:
            raise ValueError(f"{error}; write a host like 192.168.1.40 or 10.0.0.0/24") from None

    def __contains__(self, host: str) -> bool:
        if host not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            place = ipaddress.ip_address(host.partition("%")[0])
            place = getattr(place, "ipv4_mapped", None) or place
            is_named = any(place in network for network in self._networks)
            self._known[host] = place.is_loopback or is_named
        return self._known[host]


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
