"""No bytes make the OSC decoder raise, loop or work more than its limits allow."""

import math
import struct
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sources.osc import decode as osc_decode
from engine.sources.osc.decode import MAX_ELEMENTS, MAX_EXPLAINED, MAX_TAGS, MAX_WORK, decode

# Lines of the decoder's own Python run per message and per packet, counted by hand from its
# longest path. Each line is a fixed number of calls that pass once over bytes of that message
# (find, translate, slice, unpack), and no byte belongs to two messages: work is bounded by
# lines + bytes. What it comes to in microseconds is measured by bench/osc.py.
LINES_PER_ELEMENT = 40
LINES_PER_PACKET = 30

# A loaded machine is no failure: hypothesis must not judge by the clock.
unhurried = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def padded(data):
    return data + b"\0" * (4 - len(data) % 4)


def message(address, tags=b"", data=b""):
    return padded(address) + padded(b"," + tags) + data


def bundle(*elements, when=b"\0\0\0\0\0\0\0\1"):
    body = b"".join(struct.pack(">i", len(e)) + e for e in elements)
    return b"#bundle\0" + when + body


def nest(depth, inner):
    for _ in range(depth):
        inner = bundle(inner)
    return inner


HALF = b"\x3f\0\0\0"
GOOD = message(b"/good", b"f", HALF)
READ = ("/good", 0.5)


def sized(size):
    """Two elements, the second of which lies about its size."""
    return bundle(GOOD) + struct.pack(">i", size) + GOOD


KILLERS = {
    "element size -4": (sized(-4), [READ], 1),
    "element size 0": (sized(0), [READ], 1),
    "element size beyond the end": (sized(1000), [READ], 1),
    "element size 2**31 - 1": (sized(2**31 - 1), [READ], 1),
    "element size not a multiple of 4": (sized(6), [READ], 1),
    "future time tag": (bundle(GOOD, when=b"\xff" * 8), [READ], 0),
    "time tag 0": (bundle(GOOD, when=b"\0" * 8), [READ], 0),
    "nesting 8 deep": (nest(8, GOOD), [READ], 0),
    "nesting 9 deep": (nest(9, GOOD), [], 1),
    "nesting 200 deep": (nest(200, GOOD), [], 1),
    "nesting 3000 deep": (nest(3000, GOOD), [], 1),
    "address without terminator": (b"/abcdefg", [], 1),
    "type tags without terminator": (b"/ab\0,fff", [], 1),
    "string without terminator": (message(b"/a", b"s", b"text"), [], 1),
    "empty": (b"", [], 1),
    "one zero": (b"\0", [], 1),
    "four zeros": (b"\0\0\0\0", [], 1),
    "unaligned": (GOOD + b"\0", [], 1),
    "cut in the number": (GOOD[:-2], [], 1),
    "cut before the number": (GOOD[:-4], [], 1),
    "cut in the bundle's name": (b"#bun", [], 1),
    "bundle without a time tag": (b"#bundle\0", [], 1),
    "bundle with half an element": (bundle() + b"\0\0\0\4", [], 1),
    "bundle of another name": (b"#bungle\0" + b"\0" * 8, [], 1),
    "tags c S I and a number": (message(b"/a", b"cSIf", b"\0\0\0A" + b"hi\0\0" + HALF), [], 1),
    "tags [ and ]": (message(b"/a", b"[]"), [], 1),
    "64 open arrays": (message(b"/a", b"[" * 64), [], 1),
    "unknown tags": (message(b"/a", b"xyz", HALF * 3), [], 1),
    "blob of length -1": (message(b"/a", b"b", b"\xff" * 4), [], 1),
    "NaN": (message(b"/a", b"f", b"\x7f\xc0\0\0"), [], 1),
    "NaN among numbers": (message(b"/a", b"ff", HALF + b"\x7f\xc0\0\0"), [], 1),
    "infinity": (message(b"/a", b"f", b"\x7f\x80\0\0"), [], 1),
    "opposite infinities": (message(b"/a", b"ff", b"\x7f\x80\0\0\xff\x80\0\0"), [], 1),
    "infinity as a double": (message(b"/a", b"d", b"\x7f\xf0" + b"\0" * 6), [], 1),
    "52 bytes of wildcards": (message(b"/" + b"*" * 51, b"f", HALF), [("/" + "*" * 51, 0.5)], 0),
    "address of 8 KB": (message(b"/" + b"a" * 8191, b"f", HALF), [], 1),
    "type tags of 8 KB": (message(b"/a", b"f" * 8191, HALF * 8191), [], 1),
    "address of bad UTF-8": (message(b"/\xff\xfe", b"f", HALF), [], 1),
    "address of good UTF-8": (message("/é".encode(), b"f", HALF), [], 1),
    "address with a control character": (message(b"/a\n", b"f", HALF), [], 1),
    "address without a slash": (message(b"a", b"f", HALF), [], 1),
    "string of bad UTF-8": (message(b"/a", b"s", b"\xff\xfe\0\0"), [], 1),
    "string with a surrogate": (message(b"/a", b"s", b"\xed\xa0\x80\0"), [], 1),
    "character beyond ASCII": (message(b"/a", b"c", b"\0\1\0\0"), [], 1),
    "character that is negative": (message(b"/a", b"c", b"\xff" * 4), [], 1),
    "longer than UDP carries": (bundle(*[message(b"/a", b"s", b"x" * 4092 + b"\0" * 4)] * 16),
                                [], 1),
}  # fmt: skip


@pytest.mark.parametrize(("packet", "messages", "refused"), KILLERS.values(), ids=KILLERS)
def test_killer_packets(packet, messages, refused):
    assert decode(packet)[:2] == (messages, refused)


@pytest.mark.parametrize(
    "bad",
    [packet for packet, messages, _ in KILLERS.values()
     if not messages and packet and len(packet) % 4 == 0 and len(packet) < 20_000],
)  # fmt: skip
def test_one_bad_element_does_not_lose_the_others(bad):
    decoded = decode(bundle(GOOD, bad, bundle(GOOD, bad), GOOD))
    assert decoded.messages == [READ] * 3
    assert decoded.refused == 2


@pytest.mark.parametrize("tags", ["i", "f", "h", "d", "s", "c", "r", "ff", "hd", "[f]", "[ii]"])
def test_a_message_without_its_arguments_does_not_read_its_neighbours(tags):
    short = message(b"/short", tags.encode())
    next_one = GOOD + bytes(16)  # its size, 36, would pass for the character $
    assert decode(bundle(short, next_one, GOOD))[:2] == ([READ, READ], 1)
    assert decode(short)[:2] == ([], 1)


@pytest.mark.parametrize(
    ("tags", "data", "words"),
    [
        (b"b", b"\0\0\0\4abcd", "',b' are not understood"),
        (b"fN", HALF, "',fN' are not understood"),
        (b"fs", HALF + b"hi\0\0", "',fs' are a mixture"),
        (b"f", b"\x7f\xc0\0\0", "',f' are there, but what they stand for is missing, not finite"),
        (b"ff", HALF, "',ff' are there, but what they stand for is missing"),
        (b"s", b"\xff\xfe\0\0", "not finite or no text"),
        (b"\xff\n", HALF, r"',\xff\n' are not understood"),
    ],
)
def test_a_refusal_says_what_came(tags, data, words):
    ((address, why),) = decode(message(b"/a", tags, data)).refusals
    assert address == "/a"
    assert words in why


# --- chance ---------------------------------------------------------------------------------


def assert_sound(decoded):
    """Whatever was read can be looked up and stored."""
    assert decoded.refused >= 0
    assert len(decoded.messages) <= MAX_ELEMENTS
    assert decoded.work < MAX_WORK + MAX_TAGS + 4  # the last message may reach over
    assert len(decoded.times) in (0, len(decoded.messages))
    assert len(decoded.refusals) <= min(decoded.refused, MAX_EXPLAINED)
    assert all(address.isascii() and why.isprintable() for address, why in decoded.refusals)
    for address, value in decoded.messages:
        assert address.startswith("/")
        assert address.isascii()
        assert address.isprintable()
        assert isinstance(value, bool | int | float | str | tuple)
        if isinstance(value, tuple):
            assert len(value) > 1
            assert all(type(number) is float and math.isfinite(number) for number in value)
        if isinstance(value, float):
            assert math.isfinite(value)


words = st.sampled_from(
    [b"#bundle\0", b"\0" * 8, b"\0\0\0\4", b"\0\0\0\x10", b"\0\0\0\x14", b"\xff\xff\xff\xfc",
     b"/a\0\0", b"/a/b", b",f\0\0", b",[if", b"]\0\0\0", b",s\0\0", b",b\0\0", b"\x7f\xc0\0\0",
     HALF, b"\0\0\0\0", GOOD]
)  # fmt: skip
soup = st.lists(words | st.binary(min_size=4, max_size=4), max_size=60).map(b"".join)


@unhurried
@given(st.one_of(st.binary(max_size=200), soup, soup.map(lambda s: bundle(s, s))))
def test_no_bytes_raise(packet):
    decoded = decode(packet)
    assert_sound(decoded)
    if len(packet) % 4:
        assert decoded[:3] == ([], 1, 0)
        assert decoded.refusals == [("", osc_decode._NO_OSC)]
    else:
        assert decoded.work > 0 or not packet


VALID = bundle(
    GOOD,
    message(b"/xyz", b"[fff]", HALF * 3),
    bundle(message(b"/name", b"s", b"text\0\0\0\0"), message(b"/go"), message(b"/on", b"T")),
    message(b"/big", b"hd", b"\0\0\0\0\0\0\0\1" + b"\x3f\xe0" + b"\0" * 6),
    GOOD,
)


@unhurried
@given(
    st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(VALID)),
)
def test_no_mutation_of_a_valid_packet_raises(changes, length):
    packet = bytearray(VALID)
    for place, byte in changes:
        packet[place] = byte
    assert_sound(decode(bytes(packet)))
    assert_sound(decode(bytes(packet[:length])))


@unhurried
@given(st.binary(min_size=1, max_size=40).map(lambda b: b + b"\0" * (-len(b) % 4)))
def test_no_element_harms_its_neighbours(element):
    messages = decode(bundle(GOOD, element, GOOD)).messages
    assert messages[0] == messages[-1] == READ


# --- work -----------------------------------------------------------------------------------


def count_lines(packet):
    """Count the lines that the decoder executes for a packet."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_filename != osc_decode.__file__:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        decode(packet)
    finally:
        sys.settrace(before)
    return lines


def fill(make, limit=65_507):
    """Make a bundle of as many different elements as a packet can hold."""
    elements, size = [], 16
    while size + 4 + len(element := make(len(elements))) <= limit:
        elements.append(element)
        size += 4 + len(element)
    return bundle(*elements)


HEAVY = {
    "as many messages as fit": fill(lambda k: message(b"/%d" % k, b"f", HALF)),
    "as many triggers as fit": fill(lambda k: b"/\0\0\0"),
    "as many empty bundles as fit": fill(lambda k: bundle()),
    "as many numbers as fit": fill(lambda k: message(b"/%d" % k, b"f" * 64, HALF * 64)),
    "as many short vectors as fit": fill(lambda k: message(b"/%d" % k, b"ifif", HALF * 4)),
    "as many arrays as fit": fill(lambda k: message(b"/%d" % k, b"[iff]", HALF * 3)),
    "as many colours as fit": fill(lambda k: message(b"/%d" % k, b"r", HALF)),
    "as many characters as fit": fill(lambda k: message(b"/%d" % k, b"c", b"\0\0\0A")),
    "as many strings as fit": fill(lambda k: message(b"/%d" % k, b"s", b"x" * 200 + bytes(4))),
    "as many bad strings as fit": fill(lambda k: message(b"/%d" % k, b"s", b"\xff" * 9 + bytes(3))),
    "as many unknown tags as fit": fill(lambda k: message(b"/%d" % k, b"T" * 64)),
    "as many wildcards as fit": fill(lambda k: message(b"/" + b"*" * 250, b"f", HALF)),
    "bundles of bundles": fill(lambda k: nest(6, bundle(*[bundle()] * 8))),
    "nothing but slashes": b"/" * 65_504,
    "nothing but hashes": b"#" * 65_504,
    "nothing but zeros": b"\0" * 65_504,
    "one bundle of zeros": bundle() + b"\0" * 65_488,
    "elements of 4 zeros": bundle() + b"\0\0\0\4\0\0\0\0" * 8_186,
}  # fmt: skip


@pytest.mark.parametrize("packet", HEAVY.values(), ids=HEAVY)
def test_the_heaviest_packets_cost_bounded_work(packet):
    decoded = decode(packet)
    assert_sound(decoded)
    elements = min(MAX_ELEMENTS, len(packet) // 8) + 1
    assert count_lines(packet) <= LINES_PER_PACKET + LINES_PER_ELEMENT * elements
    assert len(decoded.messages) + decoded.refused <= 2 * elements


@unhurried
@given(st.one_of(soup, soup.map(lambda s: bundle(s, s)), soup.map(lambda s: bundle(*[s[:64]] * 9))))
def test_any_packet_costs_bounded_work(packet):
    elements = min(MAX_ELEMENTS, len(packet) // 8) + 1
    assert count_lines(packet) <= LINES_PER_PACKET + LINES_PER_ELEMENT * elements


def test_the_heaviest_packets_are_as_heavy_as_they_can_be():
    reads = [decode(packet) for packet in HEAVY.values()]
    assert max(len(read.messages) for read in reads) == MAX_ELEMENTS
    assert max(read.work for read in reads) >= MAX_WORK
