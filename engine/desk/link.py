"""The link between the player and the control process: frames on a pair of sockets.

A frame is its length, a number and its bytes. To the control process it is JSON (see
`engine.desk.process`), numbered 0. Back it is an OSC packet, numbered by the client that sent it,
or, numbered 0, JSON of what the process says of itself.
"""

from __future__ import annotations

import json
from struct import Struct
from typing import Any

HEAD = Struct(">II")
MAX_FRAME_BYTES = 16 << 20
Frame = tuple[int, bytes]


def frame(number: int, content: bytes) -> bytes:
    """Write one frame."""
    return HEAD.pack(len(content), number) + content


def document(content: Any) -> bytes:
    """Write a frame of JSON."""
    return frame(0, json.dumps(content, separators=(",", ":")).encode())


def split(received: bytearray) -> list[Frame]:
    """Take the whole frames from the beginning of what was received.

    Raises
    ------
    ValueError
        If a frame is longer than any is: nothing behind it can be read.
    """
    found: list[Frame] = []
    at = 0
    while len(received) - at >= HEAD.size:
        length, number = HEAD.unpack_from(received, at)
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes")
        if len(received) - at - HEAD.size < length:
            break
        at += HEAD.size
        found.append((number, bytes(received[at : at + length])))
        at += length
    del received[:at]
    return found
