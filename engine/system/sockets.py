"""What sockets of one system tell or do otherwise than another's: ports, addresses, losses."""

from __future__ import annotations

import socket
import sys
from struct import unpack_from

# SO_MEMINFO (Linux 4.12, include/uapi/asm-generic/socket.h): nine unsigned ints, the last of them
# the packets that this socket dropped. It is the counter of SO_RXQ_OVFL, but that one comes with a
# received packet: it costs half a microsecond on each, and is silent about a flood's last drops.
_SO_MEMINFO = 55
_MEMINFO_BYTES = 36
_DROPS_AT = 32


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
