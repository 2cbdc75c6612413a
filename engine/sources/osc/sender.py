"""OSC sender for feedback: parameter values back to faders, lamps and other programs.

Feedback must never cost a frame: nothing here waits or raises once the sender is open. What
cannot be sent is counted.
"""

from __future__ import annotations

import socket
from math import isfinite
from typing import TYPE_CHECKING, Self

from engine.core.event import Value

if TYPE_CHECKING:
    from pythonosc.osc_message import OscMessage

MAX_PACKET_BYTES = 1_472  # what one Ethernet frame carries: no fragments, nothing to lose in part
_MAX_FLOAT = 3.4028234663852886e38  # IEEE 754 binary32, what OSC's `f` holds


def open(host: str, port: int) -> Sender:
    """Prepare to send feedback. Whether anyone listens there is never known.

    Raises
    ------
    OSError
        If the host cannot be found; its text is one sentence for people.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        place = min(found, key=lambda f: f[0] != socket.AF_INET)[4]  # OSC devices speak IPv4
        return Sender(str(place[0]), port)
    except (OSError, UnicodeError, OverflowError) as error:
        raise OSError(
            f"cannot send OSC feedback to {host}:{port}: no such address ({error}); "
            "write a host name or number and a port from 1 to 65535"
        ) from error


class Sender:
    """An open feedback socket, a sink of `engine.play.live.feedback`. Use it as a context manager.

    Attributes
    ----------
    lost
        Messages that could not be given to the network.
    """

    def __init__(self, host: str, port: int) -> None:
        self.kind = f"osc {host}"  # what came from there is not told to it
        from pythonosc.udp_client import UDPClient  # lazy: it brings asyncio with it

        # A numeric host: python-osc would otherwise look the name up for every packet.
        self._client = UDPClient(host, port)
        self.lost = 0

    def send(self, address: str, value: Value) -> None:
        """Send one value. A tuple goes as that many floats, True and False as ``T`` and ``F``."""
        message = encode(address, value)
        if message is None:
            self.lost += 1
            return
        try:
            self._client.send(message)
        except OSError:  # nobody there, network gone, or the socket's buffer is full
            self.lost += 1

    def close(self) -> None:
        """Close the socket."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()


def encode(address: str, value: Value) -> OscMessage | None:
    """Build one OSC message; None if OSC cannot carry the value in one network packet."""
    from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

    builder = OscMessageBuilder(address)
    for argument in value if isinstance(value, tuple) else (value,):
        kind = _choose_type(argument)
        if kind is None:
            return None
        builder.add_arg(argument, kind)
    if not address.startswith("/") or "\0" in address:
        return None
    try:
        message = builder.build()
    except BuildError:  # a whole number beyond 64 bits, or text that is no Unicode
        return None
    return message if message.size <= MAX_PACKET_BYTES else None


def _choose_type(argument: bool | int | float | str) -> str | None:
    """Choose an OSC type tag that holds the argument; None if there is none."""
    if isinstance(argument, bool):
        return "T" if argument else "F"
    if isinstance(argument, int):
        return "i" if argument.bit_length() < 32 else "h"
    if isinstance(argument, float):
        if not isfinite(argument):
            return None
        return "f" if abs(argument) <= _MAX_FLOAT else "d"
    return None if "\0" in argument else "s"
