"""OSC packet decoder: pure, bounded, and never an exception whatever the bytes are.

A parameter takes one value or one vector of numbers, so a message is read whole or refused whole:
its type tags decide first, and only then are its arguments touched. A type that we do not use can
therefore never shift the reading of the types that follow it.

References
----------
M. Wright, The Open Sound Control 1.0 Specification (2002). A. Freed and A. Schmeder, Features and
Future of Open Sound Control version 1.1 for NIME (2009): types T F N I.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isfinite
from struct import Struct, calcsize, unpack_from
from struct import error as struct_error
from typing import NamedTuple

from engine.core.event import Value

MAX_PACKET_BYTES = 65_507  # the largest UDP payload over IPv4
MAX_DEPTH = 8  # bundles in one another
MAX_ELEMENTS = 256  # of all bundles of one packet together
MAX_TAGS = 64  # of one message
MAX_WORK = 800  # units of one packet, see `Decoded`: what bounds its CPU time
MAX_ADDRESS_BYTES = 255
MAX_STRING_BYTES = 4_096
MAX_EXPLAINED = 8  # refusals of one packet that are explained
IMMEDIATELY = 1  # the time tag

_BUNDLE = b"#bundle\0"
_BUNDLE_HEAD_BYTES = 16  # the name and a time tag
_ADDRESS_BYTES = bytes(range(0x20, 0x7F))
# Type tags of numbers to a layout of `struct`, in which the bytes of no other tag are allowed.
_TO_STRUCT = bytes({0x2C: 0x3E, 0x68: 0x71}.get(b, b if b in b"ifd" else 0x21) for b in range(256))
_USUAL_BYTES = 512  # of a packet that is one message
_INT, _TIME = Struct(">i"), Struct(">Q")
_SHORT = {b",f\0\0": Struct(">f").unpack_from, b",i\0\0": _INT.unpack_from}
_NO_OSC = "what came is no OSC: an address, type tags, arguments, each in multiples of 4 bytes"
_UNIT = tuple(byte / 255.0 for byte in range(256))

Reader = Callable[[bytes, int, int], Value | None]  # (packet, start, end) → value, None: refused
Message = tuple[str, Value]  # address, value
Head = tuple[str, bytes, int]  # address, type tags with their comma, start of the arguments
Span = tuple[int, int, int, int]  # start and end in bytes, nesting, time tag: a part of a packet
Refusal = tuple[str, str]  # address, empty if it has none; what is wrong


class Decoded(NamedTuple):
    """What a packet held.

    A named tuple, because one is made per packet and it costs a third of a frozen dataclass.

    Parameters
    ----------
    messages
        (address, value) in the order of the packet, nested bundles in place.
    refused
        How many messages, and runs of bytes that are no messages, were left out.
    work
        2 for each message or bundle, 1 for each argument, 2 more for a refusal: about equal shares
        of CPU time. Reading ends at `MAX_WORK`; 256 messages of one argument fit.
    times
        Time tag of each message; empty if all are for at once.
    refusals
        Of the first `MAX_EXPLAINED` that were refused, why.
    """

    messages: list[Message]
    refused: int
    work: int
    times: Sequence[int] = ()
    refusals: Sequence[Refusal] = ()


def decode(packet: bytes) -> Decoded:
    """Read every valid message of an OSC packet.

    No bytes make it raise, and its work is bounded by the limits of this module, whatever the
    packet claims about itself. A message has the time tag of its bundle, or of one around that if
    it is later. An address may be a pattern (`engine.sources.osc.pattern`).

    Values: no arguments (or ``I``) make True, a trigger; one of ``T F i h f d s S c`` makes a
    bool, number or string; one colour ``r`` makes (red, green, blue, alpha) in [0, 1]; several
    numbers, in an array or not, make a tuple of floats. Refused: blobs, nil, MIDI, time tags,
    unknown types, mixtures, NaN and infinity. Bytes after the last argument are ignored, because
    senders pad in many ways.
    """
    if packet[:1] == b"/" and len(packet) <= _USUAL_BYTES and not len(packet) % 4:
        message = _read_short(packet, 0, len(packet))
        if message is not None:
            return tuple.__new__(Decoded, ([message], 0, 3, (), ()))  # in half the time
    messages: list[Message] = []
    if not packet or len(packet) > MAX_PACKET_BYTES or len(packet) % 4:
        return Decoded(messages, 1, 0, (), [("", _NO_OSC)])
    spans: list[Span] = [(0, len(packet), 0, IMMEDIATELY)]
    times: list[int] = []
    refusals: list[Refusal] = []
    refused = work = elements = 0
    is_timed = False
    while spans:
        if work >= MAX_WORK:  # what is left is refused as one
            refused += 1
            break
        start, end, _, time = span = spans.pop()
        if packet[start] == 0x23:  # the # of #bundle; no address begins with it
            inner, is_whole = _split(packet, span, MAX_ELEMENTS - elements)
            elements += len(inner)
            refused += not is_whole
            is_timed |= bool(inner) and inner[0][3] != IMMEDIATELY
            work += 2 if is_whole else 4
            spans.extend(reversed(inner))  # a stack: the first element is read next
            continue
        message, cost = _read_short(packet, start, end), 3
        if message is None:
            message, cost = _read_message(packet, start, end)
        work += cost
        if message is None:
            refused += 1
            if len(refusals) < MAX_EXPLAINED:
                refusals.append(_explain(packet, start, end))
        else:
            messages.append(message)
            times.append(time)
    return Decoded(messages, refused, work, times if is_timed else (), refusals)


def _split(packet: bytes, bundle: Span, room: int) -> tuple[list[Span], bool]:
    """List the elements of a bundle; False if it is broken, too deep or longer than `room`."""
    start, end, depth, time = bundle
    inner: list[Span] = []
    at = start + _BUNDLE_HEAD_BYTES
    if depth >= MAX_DEPTH or at > end or not packet.startswith(_BUNDLE, start):
        return inner, False
    time = max(time, _TIME.unpack_from(packet, start + 8)[0])
    while at < end:
        size = _INT.unpack_from(packet, at)[0]  # 4 bytes are there: all sizes are multiples
        at += 4
        if size <= 0 or size % 4 or size > end - at or len(inner) >= room:
            return inner, False
        inner.append((at, at + size, depth + 1, time))
        at += size
    return inner, True


def _read_message(packet: bytes, start: int, end: int) -> tuple[Message | None, int]:
    """Read one message, None if it is refused; and the work that it took."""
    head = _read_head(packet, start, end)
    if head is None:
        return None, 4
    address, tags, at = head
    read = _READERS.get(tags)
    value = read(packet, at, end) if read else _read_numbers(packet, tags, at, end)
    return (None, 3 + len(tags)) if value is None else ((address, value), 1 + len(tags))


def _explain(packet: bytes, start: int, end: int) -> Refusal:
    """Say why a message is refused."""
    head = _read_head(packet, start, end)
    if head is None:
        return "", _NO_OSC
    address, tags, _ = head
    named = ascii(tags[:40].decode("latin-1"))
    unknown = tags.translate(None, _KNOWN_TAGS)
    if unknown or len(tags) == 1:
        what = "are not understood"
    elif tags.translate(None, b",ifhd[]") and len(tags) > 2:
        what = "are a mixture: several arguments have to be numbers"
    else:
        what = "are there, but what they stand for is missing, not finite or no text"
    return address, f"its type tags {named} {what}"


def _read_head(packet: bytes, start: int, end: int) -> Head | None:
    """Read the address and type tags of a message; None if they are refused."""
    stop = packet.find(0, start, end)
    if not 0 < stop - start <= MAX_ADDRESS_BYTES or packet[start] != 0x2F:  # a slash
        return None
    address = packet[start:stop]
    if address.translate(None, _ADDRESS_BYTES):  # what is left is not allowed
        return None
    at = (stop | 3) + 1  # after the padding: every offset in a packet is a multiple of 4
    if at >= end:  # OSC 1.0: old senders leave out an empty list of type tags
        return address.decode("ascii"), b",", end
    stop = packet.find(0, at, end)
    if not 0 < stop - at <= MAX_TAGS + 1 or packet[at] != 0x2C:  # a comma
        return None
    return address.decode("ascii"), packet[at:stop], (stop | 3) + 1


def _read_short(packet: bytes, start: int, end: int) -> Message | None:
    """Read what faders send, one number of 4 bytes; None for everything else."""
    unpack = _SHORT.get(packet[end - 8 : end - 4])
    if unpack is None:
        return None
    address = _address_of(packet[start : end - 4])
    number = unpack(packet, end - 4)[0]
    return (address, number) if address is not None and isfinite(number) else None


@lru_cache(maxsize=4096)
def _address_of(head: bytes) -> str | None:
    """Address of a message that ends with one number of 4 bytes, from all before that number."""
    found = _read_head(head, 0, len(head))
    is_short = found is not None and found[2] == len(head) and len(found[1]) == 2
    return found[0] if found is not None and is_short else None


def _read_numbers(packet: bytes, tags: bytes, at: int, end: int) -> Value | None:
    """Read several numbers, or what stands in one array; None if they are anything else."""
    if tags[1:2] == b"[" and tags[-1:] == b"]":  # deeper arrays mean nothing here
        tags = b"," + tags[2:-1]
        read = _READERS.get(tags) if len(tags) > 1 else None
        if read:
            return read(packet, at, end)
    layout = tags.translate(_TO_STRUCT)
    try:
        numbers = unpack_from(layout, packet, at) if at + calcsize(layout) <= end else ()
    except struct_error:  # a tag that is no number
        return None
    numbers = tuple(map(float, numbers))
    # The sum is the quick test; large numbers may overflow it without being infinite.
    is_finite = isfinite(sum(numbers)) or all(map(isfinite, numbers))
    return numbers if numbers and is_finite else None


def _number(layout: str) -> Reader:
    size, unpack = calcsize(layout), Struct(layout).unpack_from

    def read(packet: bytes, at: int, end: int) -> int | float | None:
        if at + size > end:
            return None
        number: int | float = unpack(packet, at)[0]
        return number if isfinite(number) else None

    return read


def _constant(value: Value) -> Reader:
    def read(packet: bytes, at: int, end: int) -> Value:  # noqa: ARG001  a Reader's signature
        return value

    return read


def _string(packet: bytes, at: int, end: int) -> str | None:
    stop = packet.find(0, at, end)
    if not 0 <= stop - at <= MAX_STRING_BYTES:
        return None
    try:
        return packet[at:stop].decode("utf-8")
    except UnicodeDecodeError:
        return None


def _character(packet: bytes, at: int, end: int) -> str | None:
    """Read an ASCII character, sent as 32 bits."""
    code = _INT.unpack_from(packet, at)[0] if at + 4 <= end else 0
    return chr(code) if 0x20 <= code < 0x7F else None


def _colour(packet: bytes, at: int, end: int) -> tuple[float, ...] | None:
    """Read an RGBA colour of 8 bits per channel."""
    if at + 4 > end:
        return None
    red, green, blue, alpha = packet[at : at + 4]
    return _UNIT[red], _UNIT[green], _UNIT[blue], _UNIT[alpha]


_KNOWN_TAGS = b",ifhdsScrTFI[]"
_READERS: dict[bytes, Reader] = {  # by type tags; several numbers are `_read_numbers`'
    b",": _constant(True),
    b",f": _number(">f"),
    b",i": _number(">i"),
    b",d": _number(">d"),
    b",h": _number(">q"),
    b",s": _string,
    b",S": _string,
    b",c": _character,
    b",r": _colour,
    b",T": _constant(True),
    b",F": _constant(False),
    b",I": _constant(True),
}
