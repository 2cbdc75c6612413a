"""OSC receiver over TCP: packets cut out of streams, by SLIP or by their lengths.

Which of the two a sender uses its first byte tells: a length is below 2^24, so it begins with 0.

References
----------
The Open Sound Control 1.0 Specification (2002), "OSC Packets": a 32-bit length before each packet.
A. Freed and A. Schmeder, Features and Future of Open Sound Control version 1.1 for NIME (2009):
SLIP with an END before and after each packet. J. Romkey, RFC 1055 (1988).
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from engine.sources.contract import EVERYTHING
from engine.sources.osc.decode import MAX_PACKET_BYTES, decode
from engine.sources.osc.inbox import Inbox
from engine.system.sockets import Senders, listen_tcp, open_door, why_not

__all__ = ["ADDRESSES", "Config", "Receiver", "decode", "open"]

ADDRESSES = EVERYTHING
MOST_CONNECTIONS = 16
MOST_PACKETS = 1024
"""Kept of what came; the rest waits in the connections, and so at their senders."""
READ_BYTES = 65_536
END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"


@dataclass(frozen=True, slots=True)
class Config:
    """Where to listen, and to whom; see `engine.sources.osc.osc.Config`."""

    host: str = "127.0.0.1"
    port: int = 9000
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Senders(self.allow)  # an error in it is said when it is read


class Stream:
    """Cuts what arrives on one connection into packets."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_slip: bool | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give the packets that are whole by now.

        Raises
        ------
        ValueError
            If one is longer than any may be, so that nothing behind it can be read.
        """
        rest = self._rest + data
        if self._is_slip is None:
            self._is_slip = rest[:1] != b"\0"
        if self._is_slip:
            *whole, rest = rest.split(END)
            yield from (each.replace(ESC_END, END).replace(ESC_ESC, ESC) for each in whole if each)
            length = len(rest)
        else:
            at, length = 0, int.from_bytes(rest[:4], "big")
            while at + 4 + length <= len(rest) and length <= MAX_PACKET_BYTES:
                if length:
                    yield rest[at + 4 : at + 4 + length]
                at += 4 + length
                length = int.from_bytes(rest[at : at + 4], "big")
            rest = rest[at:]
            length = length if len(rest) >= 4 else 0
        self._rest = rest
        if length > (2 if self._is_slip else 1) * MAX_PACKET_BYTES:
            raise ValueError(f"a packet is longer than {MAX_PACKET_BYTES} bytes")


def open(config: Config, now_ns: Callable[[], int]) -> Receiver:
    """Listen for OSC over TCP.

    Raises
    ------
    OSError
        If the address cannot be listened on; its text is one sentence for people.
    """
    try:
        listener = listen_tcp(config.host, config.port)
    except (OSError, UnicodeError) as error:
        raise OSError(why_not("OSC over TCP", config.host, config.port, error)) from error
    return Receiver(config, now_ns, listener)


class Receiver(Inbox):
    """Open connections, read in turn. Use it as a context manager.

    Attributes
    ----------
    port
        The bound port.
    warning
        A sentence to show when others than this machine can send; else empty.
    """

    def __init__(self, config: Config, now_ns: Callable[[], int], listener: socket.socket) -> None:
        super().__init__(now_ns)
        self.senders = Senders(config.allow)
        self._listener = listener
        self._open: dict[socket.socket, tuple[str, Stream]] = {}
        self._packets: deque[tuple[str, bytes]] = deque()
        host, self.port = listener.getsockname()[:2]
        self.warning = open_door("OSC over TCP", host, self.port)

    def tend(self, now_s: float) -> None:  # noqa: ARG002 - the contract
        """Let in who waits, as many as there is room for."""
        for _ in range(MOST_CONNECTIONS):
            try:
                connection, place = self._listener.accept()
            except OSError:  # nobody, or somebody who has left again
                return
            if len(self._open) < MOST_CONNECTIONS:
                connection.setblocking(False)
                self._open[connection] = place[0], Stream()
            else:
                connection.close()
                self._refuse(1, [("", f"there are {MOST_CONNECTIONS} TCP connections already")])

    def _read(self) -> bytes | None:
        """Hand over a packet; look at each connection if none waits."""
        for connection in () if self._packets else tuple(self._open):
            self._receive(connection)
        if not self._packets:
            return None
        self._sender, packet = self._packets.popleft()
        return packet

    def _receive(self, connection: socket.socket) -> None:
        host, stream = self._open[connection]
        if len(self._packets) >= MOST_PACKETS:
            return
        try:
            data = connection.recv(READ_BYTES)
            self._packets.extend((host, packet) for packet in stream.feed(data))
        except (BlockingIOError, InterruptedError):
            return
        except ValueError as error:
            self._refuse(1, [("", f"{error}; its connection is closed")])
            data = b""
        except OSError:
            data = b""
        if not data:
            del self._open[connection]
            connection.close()

    def close(self) -> None:
        """Close every connection; what has not been polled is lost."""
        for each in (*self._open, self._listener):
            each.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
