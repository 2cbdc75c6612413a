"""OSC receiver over UDP: one socket, no thread, drained in bounded steps.

python-osc's own server is not used: one packet can put it to sleep or freeze the whole process.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from engine.sources.contract import EVERYTHING, Item
from engine.sources.osc.decode import MAX_PACKET_BYTES, Decoded, decode
from engine.sources.osc.inbox import MAX_POLL_BYTES, Inbox
from engine.system.sockets import Senders, dropped_packets, keep_port, open_door, why_not

__all__ = ["ADDRESSES", "Config", "Decoded", "Receiver", "decode", "open", "parse_endpoint"]

ADDRESSES = EVERYTHING


@dataclass(frozen=True, slots=True)
class Config:
    """Where and how much to listen.

    Parameters
    ----------
    host, port
        Address to listen on; port 0 takes a free one. Loopback unless it is opened on purpose.
    max_packet_bytes
        Longer packets are refused.
    max_poll_bytes
        One `Receiver.poll` stops reading after this many bytes, so that a flood of long packets
        costs no more time than one of short packets.
    buffer_bytes
        Asked of the kernel for what waits between two polls; it may give less.
    allow
        Addresses and networks of those who may send; empty: everybody. Others are turned away
        before anything is read of what they send.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    max_packet_bytes: int = MAX_PACKET_BYTES
    max_poll_bytes: int = MAX_POLL_BYTES
    buffer_bytes: int = 4 << 20
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Senders(self.allow)  # an error in it is said when it is read


def parse_endpoint(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``, with an IPv6 host in brackets (``[::1]:9000``).

    Raises
    ------
    ValueError
        If the text has no host, or no port from 0 to 65535.
    """
    host, _, digits = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    is_port = digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65_535
    if not host or not is_port:
        raise ValueError(
            f"'{text[:60]}' is no OSC address: write HOST:PORT with a port from 0 to 65535, like "
            "127.0.0.1:9000 (port 0 takes a free one, 0.0.0.0:9000 listens to the whole network)"
        )
    return host, int(digits)


def open(config: Config, now_ns: Callable[[], int]) -> Receiver:
    """Listen for OSC.

    Raises
    ------
    OSError
        If the address cannot be listened on; its text is one sentence for people.
    """
    try:
        listener = _bind(config)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that is no host name
        raise OSError(why_not("OSC", config.host, config.port, error)) from error
    return Receiver(config, now_ns, listener)


class Receiver(Inbox):
    """An open OSC socket. Use it as a context manager.

    Attributes
    ----------
    warning
        A sentence to show when others than this machine can send; else empty.
    dropped
        Packets that the kernel dropped because nobody read them in time. Brought up to date by
        every poll. Only Linux tells; elsewhere it stays 0 and `counts_drops` is False.
    """

    def __init__(self, config: Config, now_ns: Callable[[], int], listener: socket.socket) -> None:
        super().__init__(now_ns, config.max_packet_bytes, config.max_poll_bytes)
        self._socket = listener
        self.senders = Senders(config.allow)
        self._dropped_at_start = dropped_packets(listener)
        host, self.port = listener.getsockname()[:2]
        self.warning = open_door("OSC", host, self.port)
        self.counts_drops = self._dropped_at_start is not None
        self.dropped = 0

    def poll(self, max_items: int) -> list[Item]:
        """Take what has arrived, in order, without waiting; see `Inbox.poll`."""
        found = super().poll(max_items)
        self._update_drops()
        return found

    def close(self) -> None:
        """Close the socket; what has not been polled is lost."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()

    def _read(self) -> bytes | None:
        """Read one packet; None if there is none, empty if the system reports a lost one."""
        try:
            # `recv` with a copy costs less than `recv_into` a kept buffer and a copy out of it.
            if not (self.senders or self.hears):
                return self._socket.recv(65_536)
            packet, place = self._socket.recvfrom(65_536)
            self._sender = str(place[0])
            return packet
        except (BlockingIOError, InterruptedError):
            return None
        except ConnectionError:  # Windows passes on other sockets' ICMP messages
            return b""

    def _update_drops(self) -> None:
        drops = dropped_packets(self._socket)
        if drops is not None and self._dropped_at_start is not None:
            # The kernel counts in 32 bits; months of flood wrap it.
            new = (drops - self._dropped_at_start - self.dropped) % 2**32
            self.dropped += new


def _bind(config: Config) -> socket.socket:
    """Make a bound, non-blocking UDP socket with as large a buffer as the system gives."""
    found = socket.getaddrinfo(
        config.host, config.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
    )
    # "localhost" may name IPv6 first, which OSC devices rarely speak.
    family, kind, protocol, _, place = min(found, key=lambda f: f[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        keep_port(listener)
        for shrink in (0, 2, 4):  # Linux gives what it may; others refuse what is too large
            with suppress(OSError):
                size = config.buffer_bytes >> shrink
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
                break
        listener.setblocking(False)
        listener.bind(place)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
