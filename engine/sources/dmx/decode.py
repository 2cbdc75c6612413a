"""Packets of a lighting desk: Art-Net 4 (ArtDmx) and sACN (ANSI E1.31), read and never trusted."""

from __future__ import annotations

from typing import NamedTuple

ARTNET, SACN = "artnet", "sacn"
MAX_PACKET_BYTES = 1_144  # the longest of E1.31; one of DMX has 638
CHANNELS = 512
PRIORITY = 100  # of Art-Net, which has none; what E1.31 calls the default

_ARTNET_ID = b"Art-Net\0"
_ARTNET_HEADER_BYTES = 18
_ART_DMX = 0x5000
_SACN_ID = b"\x00\x10\x00\x00ASC-E1.17\x00\x00\x00"
_SACN_HEADER_BYTES = 126
_ROOT_DATA, _ROOT_EXTENDED, _FRAME_DATA = 4, 8, 2
_DMP = b"\x02\xa1\x00\x00\x00\x01"  # set property; addresses of two bytes, from 0 on, step 1
_IS_PREVIEW, _IS_LAST = 0x80, 0x40
_MAX_PRIORITY = 200


class Packet(NamedTuple):
    """The levels of one universe.

    Parameters
    ----------
    protocol
        `ARTNET` or `SACN`.
    universe
        Art-Net: 0 to 32767, net, sub-net and universe in one; sACN: 1 to 63999.
    source
        The sender's own name (CID) in sACN; empty in Art-Net, which tells senders by address.
    sequence
        Number of the packet, modulo 256; None if it has none.
    priority
        0 to 200: the highest of a universe is listened to.
    is_last
        Whether the sender says that no other will follow.
    levels
        0 to 255 of channels 1, 2, …: at most 512.
    """

    protocol: str
    universe: int
    source: bytes
    sequence: int | None
    priority: int
    is_last: bool
    levels: bytes


def decode(data: bytes) -> Packet | str:
    """Read a packet, whatever bytes it is made of.

    Returns
    -------
    Packet or str
        Else why it is none; an empty text if it is rightly of no use here, such as a desk's search
        for devices.
    """
    if data.startswith(_ARTNET_ID):
        return _decode_artnet(data)
    if data.startswith(_SACN_ID):
        return _decode_sacn(data)
    return "this is neither Art-Net nor sACN"


def _decode_artnet(data: bytes) -> Packet | str:
    if len(data) < 10:
        return "an Art-Net packet ends before it says what it is"
    if int.from_bytes(data[8:10], "little") != _ART_DMX:
        return ""  # a poll, a synchronisation, a firmware: other packets of the protocol
    if len(data) < _ARTNET_HEADER_BYTES:
        return f"an ArtDmx packet has {len(data)} bytes: {_ARTNET_HEADER_BYTES} are its head"
    count = int.from_bytes(data[16:18], "big")
    if not 1 <= count <= CHANNELS or len(data) < _ARTNET_HEADER_BYTES + count:
        there = len(data) - _ARTNET_HEADER_BYTES
        return f"an ArtDmx packet says {count} channels and brings {there}"
    universe = data[14] | (data[15] & 0x7F) << 8
    levels = data[_ARTNET_HEADER_BYTES : _ARTNET_HEADER_BYTES + count]
    return Packet(ARTNET, universe, b"", data[12] or None, PRIORITY, False, levels)


def _decode_sacn(data: bytes) -> Packet | str:
    vector = int.from_bytes(data[18:22], "big")
    if vector == _ROOT_EXTENDED:
        return ""  # synchronisation, and the list of a sender's universes
    if vector != _ROOT_DATA or len(data) < _SACN_HEADER_BYTES:
        return "an sACN packet is no data packet, or shorter than the head of one"
    if int.from_bytes(data[40:44], "big") != _FRAME_DATA or data[117:123] != _DMP:
        return "an sACN packet has layers that E1.31 does not know"
    universe, priority, options = int.from_bytes(data[113:115], "big"), data[108], data[112]
    count = int.from_bytes(data[123:125], "big") - 1  # without the start code
    there = len(data) - _SACN_HEADER_BYTES
    if not 0 <= count <= min(CHANNELS, there):
        return f"an sACN packet says {count} channels and brings {there}"
    if not 1 <= universe <= 63_999 or priority > _MAX_PRIORITY:
        return f"an sACN packet is of universe {universe} and priority {priority}"
    if options & _IS_PREVIEW:
        return ""  # for a visualiser, not for the stage
    is_last = bool(options & _IS_LAST)
    if data[125] != 0 and not is_last:
        return f"start code {data[125]:#x} is not followed, only levels (0) are"
    levels = data[_SACN_HEADER_BYTES : _SACN_HEADER_BYTES + count]
    return Packet(SACN, universe, data[22:38], data[111], priority, is_last, levels)
