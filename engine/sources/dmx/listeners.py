"""Sockets that hear one UDP port, and multicast only where the network was opened."""

from __future__ import annotations

import ipaddress
import socket
import sys
from contextlib import ExitStack

from engine.system.sockets import keep_port, why_not

_BUFFER_BYTES = 1 << 20


def listen(host: str, port: int, universes: tuple[int, ...] = ()) -> list[socket.socket]:
    """Open an IPv4 port without waiting; beyond this machine also the sACN groups of universes.

    Raises
    ------
    OSError
        If it cannot be listened on; its text is one sentence for people.
    """
    with ExitStack() as stack:
        try:
            own = ipaddress.IPv4Address(socket.gethostbyname(host))
            first = stack.enter_context(_bind(str(own), port))
            found = [first]
            for group in () if own.is_loopback else map(group_of, universes):
                # A socket of one interface hears a group only if it is bound to the group itself,
                # where the system can do that.
                is_apart = not own.is_unspecified and sys.platform != "win32"
                if is_apart:
                    found.append(stack.enter_context(_bind(group, first.getsockname()[1])))
                membership = socket.inet_aton(group) + own.packed
                found[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        except (OSError, UnicodeError, OverflowError) as error:
            raise OSError(why_not("a lighting desk", host, port, error)) from error
        stack.pop_all()
    return found


def group_of(universe: int) -> str:
    """Multicast address of a universe (E1.31, 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 255}"


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        keep_port(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        listener.setblocking(False)
        listener.bind((host, port))
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
