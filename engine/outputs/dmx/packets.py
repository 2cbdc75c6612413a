"""Packets to lamps: Art-Net 4 (ArtDmx) and sACN (ANSI E1.31), each of one universe of 512."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

PORTS = {"artnet": 6454, "sacn": 5568}
UNIVERSES = {"artnet": range(32_768), "sacn": range(1, 64_000)}
CHANNELS = 512
_TERMINATED = 0x40


class Source(NamedTuple):
    """Who sends by sACN.

    Parameters
    ----------
    cid
        16 bytes that no other sender has.
    name
        For people, in UTF-8, at most 63 bytes.
    priority
        0 to 200: receivers follow the highest.
    """

    cid: bytes
    name: bytes
    priority: int


def artnet(universe: int, sequence: int, levels: bytes) -> bytes:
    """Build an ArtDmx packet of 512 levels; its sequence runs from 1 to 255, since 0 is none."""
    head = b"Art-Net\0" + pack("<HBBBBH", 0x5000, 0, 14, sequence % 255 + 1, 0, universe)
    return head + pack(">H", CHANNELS) + levels


def sacn(
    universe: int, sequence: int, levels: bytes, source: Source, is_last: bool = False
) -> bytes:
    """Build an E1.31 data packet of 512 levels."""
    framing = pack(
        ">64sBHBBH", source.name, source.priority, 0, sequence % 256,
        _TERMINATED if is_last else 0, universe,
    )  # fmt: skip
    dmp = pack(">BBHHH", 2, 0xA1, 0, 1, CHANNELS + 1) + b"\0" + levels
    framing = pack(">I", 2) + framing + pack(">H", 0x7000 | len(dmp) + 2) + dmp
    root = pack(">I16s", 4, source.cid) + pack(">H", 0x7000 | len(framing) + 2) + framing
    return b"\0\x10\0\0ASC-E1.17\0\0\0" + pack(">H", 0x7000 | len(root) + 2) + root


def group_of(universe: int) -> str:
    """Multicast address of a universe (E1.31, 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 255}"
