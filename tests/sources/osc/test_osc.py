"""OSC in and out: decoding against python-osc as the oracle, real sockets, clear errors."""

import itertools
import math
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from engine.sources.osc import inbox, osc
from engine.sources.osc import sender as osc_send
from engine.sources.osc.decode import MAX_ELEMENTS, decode
from engine.system import sockets
from tests.performing import until

# A loaded machine is no failure: hypothesis must not judge by the clock.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# --- decoding -------------------------------------------------------------------------------

names = st.text("abcxyz019_-.", min_size=1, max_size=12)
addresses = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBERS = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "h": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "d": st.floats(allow_nan=False, allow_infinity=False),
}
OTHERS = {
    "s": texts,
    "T": st.just(True),
    "F": st.just(False),
    "N": st.none(),
    "b": st.binary(min_size=1, max_size=20),
    "r": st.integers(0, 2**32 - 1),
    "m": st.tuples(*[st.integers(0, 255)] * 4),
}


@st.composite
def arguments(draw):
    """Draw type tags and arguments: one, several numbers, or any mixture."""
    kinds = draw(
        st.one_of(
            st.sampled_from([*NUMBERS, *OTHERS]).map(lambda k: [k]),
            st.lists(st.sampled_from(list(NUMBERS)), max_size=8),
            st.lists(st.sampled_from([*NUMBERS, *OTHERS]), max_size=5),
        )
    )
    return [(kind, draw((NUMBERS | OTHERS)[kind])) for kind in kinds]


def build(address, typed):
    builder = OscMessageBuilder(address)
    for kind, value in typed:
        builder.add_arg(value, kind)
    return builder.build()


def bundle(contents, when=IMMEDIATELY):
    builder = OscBundleBuilder(when)
    for content in contents:
        builder.add_content(content)
    return builder.build()


def expect(kinds, params):
    """What python-osc's parameters mean as one value; None if they mean none."""
    if not params:
        return True
    if all(kind in NUMBERS for kind in kinds):
        return params[0] if len(params) == 1 else tuple(float(p) for p in params)
    if len(params) > 1 or kinds[0] in "Nbm":
        return None
    if kinds[0] == "r":
        return tuple(c / 255.0 for c in params[0].to_bytes(4, "big"))
    return params[0]


@unhurried
@given(addresses, arguments())
def test_a_message_means_what_python_osc_reads(address, typed):
    message = build(address, typed)
    value = expect([kind for kind, _ in typed], message.params)
    decoded = decode(message.dgram)
    assert decoded.messages == ([] if value is None else [(address, value)])
    assert decoded.refused == (value is None)
    assert [type(v) for _, v in decoded.messages] == [type(value)] * (value is not None)


trees = st.recursive(
    st.tuples(addresses, arguments()), lambda inner: st.lists(inner, max_size=4), max_leaves=12
)


def grow(tree):
    return build(*tree) if isinstance(tree, tuple) else bundle([grow(inner) for inner in tree])


def leaves(tree):
    return [tree] if isinstance(tree, tuple) else [leaf for t in tree for leaf in leaves(t)]


@unhurried
@given(st.lists(trees, max_size=4))
def test_bundles_give_their_messages_in_the_oracles_order(forest):
    packet = bundle([grow(tree) for tree in forest]).dgram
    read = [timed.message for timed in OscPacket(packet).messages]
    kinds = [[kind for kind, _ in typed] for _, typed in leaves(forest)]
    means = [(m.address, expect(k, m.params)) for m, k in zip(read, kinds, strict=True)]
    decoded = decode(packet)
    assert decoded.messages == [(a, v) for a, v in means if v is not None]
    assert decoded.refused == sum(v is None for _, v in means)


@pytest.mark.parametrize(
    ("tags", "data", "value"),
    [
        ("", "", True),
        ("I", "", True),
        ("T", "", True),
        ("F", "", False),
        ("i", "ffffffff", -1),
        ("h", "0000000100000000", 2**32),
        ("f", "3f000000", 0.5),
        ("d", "3fe0000000000000", 0.5),
        ("s", "68690000", "hi"),
        ("S", "68690000", "hi"),
        ("c", "00000041", "A"),
        ("r", "ff0000ff", (1.0, 0.0, 0.0, 1.0)),
        ("[f]", "3f000000", 0.5),
        ("[s]", "68690000", "hi"),
        ("[if]", "000000023f000000", (2.0, 0.5)),
        ("ihfd", "0000000200000000000000033f0000003fe0000000000000", (2, 3, 0.5, 0.5)),
    ],
)
def test_every_type_that_a_parameter_can_take(tags, data, value):
    packet = b"/a\0\0" + padded("," + tags) + bytes.fromhex(data)
    assert decode(packet)[:3] == ([("/a", value)], 0, 2 + len(tags))
    assert type(decode(packet).messages[0][1]) is type(value)


@pytest.mark.parametrize(
    "tags",
    # After an unused type python-osc reads the next one from the wrong bytes; we read neither.
    ["Sf", "cf", "If", "tf", "bf", "fN", "TT", "ss", "N", "b", "m", "t", "[]", "[[f]]", "[f",
     "f]", "][", "x", "f,f", ">f", "4f"],
)  # fmt: skip
def test_what_no_parameter_can_take_is_refused_and_counted(tags):
    packet = b"/a\0\0" + padded("," + tags) + b"\x3f\0\0\0" * 8
    assert decode(packet)[:2] == ([], 1)


def padded(text):
    return text.encode() + b"\0" * (4 - len(text) % 4)


def test_a_message_without_type_tags_is_a_trigger():
    assert decode(b"/go\0")[:3] == ([("/go", True)], 0, 2)


def test_bytes_after_the_arguments_are_ignored():
    assert decode(build("/a", [("i", 7)]).dgram + b"\0\0\0\0").messages == [("/a", 7)]


def test_large_finite_numbers_are_not_taken_for_infinity():
    huge = [("d", 1.7e308), ("d", 1.7e308)]
    assert decode(build("/a", huge).dgram).messages == [("/a", (1.7e308, 1.7e308))]


@pytest.mark.parametrize("when", [IMMEDIATELY, 0.0, 2.08e9])
def test_a_message_keeps_its_place_and_has_the_time_of_its_bundle(when):
    later = bundle([build("/later", [("i", 1)]), bundle([build("/in", [("i", 3)])])], when)
    decoded = decode(bundle([later, build("/now", [("i", 2)])]).dgram)
    assert decoded.messages == [("/later", 1), ("/in", 3), ("/now", 2)]
    is_at_once = when == IMMEDIATELY
    assert is_at_once == (not decoded.times)
    if not is_at_once:  # the inner bundle is for at once: it waits with the one around it
        first, inner, now = decoded.times
        assert first == inner > now == 1
        assert abs(first / 2**32 - 2_208_988_800 - when) < 1e-3


@pytest.mark.parametrize(("count", "refused"), [(MAX_ELEMENTS, 0), (MAX_ELEMENTS + 1, 1)])
def test_a_bundle_holds_at_most_the_limit(count, refused):
    decoded = decode(bundle([build("/a", [("i", k)]) for k in range(count)]).dgram)
    assert [value for _, value in decoded.messages] == list(range(MAX_ELEMENTS))
    assert decoded.refused == refused


@pytest.mark.parametrize(("length", "refused"), [(255, 0), (256, 1)])
def test_an_address_has_at_most_255_bytes(length, refused):
    assert decode(build("/" + "a" * (length - 1), []).dgram).refused == refused


@pytest.mark.parametrize(("length", "refused"), [(64, 0), (65, 1)])
def test_a_message_has_at_most_64_arguments(length, refused):
    assert decode(build("/a", [("f", 0.5)] * length).dgram).refused == refused


@pytest.mark.parametrize(("length", "refused"), [(4096, 0), (4097, 1)])
def test_a_string_has_at_most_4096_bytes(length, refused):
    assert decode(build("/a", [("s", "x" * length)]).dgram).refused == refused


# --- the socket -----------------------------------------------------------------------------


@pytest.fixture
def receiver():
    count = itertools.count(1)
    with osc.open(osc.Config(port=0), lambda: next(count)) as opened:
        yield opened


def client(receiver):
    return SimpleUDPClient("127.0.0.1", receiver.port)


def drain(receiver, count, max_items=1000):
    """Poll until `count` messages came; a loaded machine may take a moment to deliver them."""
    items = []

    def polled():
        items.extend(receiver.poll(max_items))
        return len(items) >= count

    until(polled, lambda: f"{count} messages; there are {len(items)}")
    return items


def test_messages_arrive_in_order_with_the_clocks_stamps(receiver):
    with client(receiver) as sender:
        for k in range(50):
            sender.send_message(f"/layer/{k}/opacity", k / 64)
        items = drain(receiver, 50)
    assert [(a, v) for _, a, v in items] == [(f"/layer/{k}/opacity", k / 64) for k in range(50)]
    assert [stamp for stamp, _, _ in items] == list(range(1, 51))
    assert (receiver.received, receiver.refused, receiver.dropped) == (50, 0, 0)


def test_an_empty_socket_gives_nothing_at_once(receiver):
    assert receiver.poll(10) == []


def test_a_long_bundle_is_spread_over_polls_in_order(receiver):
    with client(receiver) as sender:
        sender.send(bundle([build("/a", [("i", k)]) for k in range(10)]))
        sender.send_message("/b", 1)
        first = drain(receiver, 3, max_items=3)
        rest = [receiver.poll(4), receiver.poll(4), receiver.poll(4)]
    assert [v for _, _, v in first] == [0, 1, 2]
    assert [[v for _, _, v in items] for items in rest] == [[3, 4, 5, 6], [7, 8, 9, 1], []]
    assert first[0][0] == rest[1][-2][0] < rest[1][-1][0]


def test_one_poll_reads_a_bounded_number_of_refused_packets(receiver):
    with client(receiver) as sender:
        for _ in range(20):
            sender.send_message("/nil", [None])
        sender.send_message("/good", 1)
        assert [receiver.poll(8) for _ in range(2)] == [[], []]
        assert (receiver.received, receiver.refused) == (16, 16)
        assert drain(receiver, 1, max_items=8)[0][1:] == ("/good", 1)


def test_one_poll_reads_a_bounded_number_of_bytes():
    with (
        osc.open(osc.Config(port=0, max_poll_bytes=5000), lambda: 0) as receiver,
        client(receiver) as sender,
    ):
        for _ in range(20):
            sender.send_message("/long", "x" * 2000)
        assert len(receiver.poll(100)) == 3
        assert len(drain(receiver, 17)) == 17


def test_longer_packets_than_configured_are_refused():
    with (
        osc.open(osc.Config(port=0, max_packet_bytes=100), lambda: 0) as receiver,
        client(receiver) as sender,
    ):
        sender.send_message("/long", "x" * 200)
        sender.send_message("/short", "x")
        assert [a for _, a, _ in drain(receiver, 1)] == ["/short"]
        assert receiver.refused == 1


def test_what_the_kernel_drops_is_counted_exactly():
    with (
        osc.open(osc.Config(port=0, buffer_bytes=4096), lambda: 0) as receiver,
        client(receiver) as sender,
    ):
        if not receiver.counts_drops:
            pytest.skip("this system does not tell how many packets a socket dropped")
        for k in range(1000):
            sender.send_message("/a", k)
        items = receiver.poll(2000)
        assert receiver.dropped > 0
        assert receiver.received + receiver.dropped == 1000
        assert [v for _, _, v in items] == list(range(len(items)))


HOUR_NS = 1_700_000_000 * 10**9


def timed(address, value, ahead_s):
    return bundle([build(address, [("f", value)])], HOUR_NS / 1e9 + ahead_s)


def test_a_bundle_for_later_waits_until_its_time():
    now_ns = 0
    with osc.open(osc.Config(port=0), lambda: now_ns) as receiver, client(receiver) as sender:
        receiver.wall_ns = lambda: HOUR_NS
        for address, ahead_s in (("/c", 2.0), ("/b", 1.0), ("/late", -5.0), ("/b2", 1.0)):
            sender.send(timed(address, 0.5, ahead_s))
        sender.send_message("/now", 1.0)
        assert [item[1] for item in drain(receiver, 2)] == ["/late", "/now"]
        now_ns = int(0.9e9)
        assert receiver.poll(10) == []
        now_ns = int(1.1e9)
        due = receiver.poll(10)
        assert [item[1] for item in due] == ["/b", "/b2"]
        assert abs(due[0][0] - 1e9) < 1e6
        now_ns = int(3e9)
        assert [item[1] for item in receiver.poll(10)] == ["/c"]
        assert receiver.refused == 0


def test_what_waits_is_bounded_in_number_and_in_time():
    with osc.open(osc.Config(port=0), lambda: 0) as receiver, client(receiver) as sender:
        receiver.wall_ns = lambda: HOUR_NS
        sender.send(timed("/far", 0.5, inbox.MOST_AHEAD_S + 1.5))
        until(lambda: receiver.poll(10) or receiver.refused == 1, "one refused")
        ((address, why),) = receiver.refusals()
        assert address == "/far"
        assert why.startswith("its time tag is 61 s ahead, more than 60 s: set the clocks")
        for k in range(inbox.MOST + 5):
            sender.send(timed(f"/{k}", 0.5, 5.0))
            receiver.poll(10)
        until(lambda: receiver.poll(10) or receiver.refused == 6, "five refused")
        assert {why for _, why in receiver.refusals()} == {
            f"{inbox.MOST} messages wait for their time already"
        }
        assert receiver.refusals() == []


def test_without_a_clock_of_the_day_nothing_waits(receiver):
    with client(receiver) as sender:
        sender.send(timed("/a", 0.5, 1e8))
        assert drain(receiver, 1)[0][1:] == ("/a", 0.5)


def test_what_is_refused_is_explained_in_bounded_numbers(receiver):
    with client(receiver) as sender:
        for _ in range(inbox.MOST_REFUSALS + 20):
            sender.send_message("/nil", [None])
        count = inbox.MOST_REFUSALS + 20
        until(lambda: receiver.poll(200) or receiver.refused == count, "all of them")
    told = receiver.refusals()
    assert len(told) == inbox.MOST_REFUSALS
    assert set(told) == {("/nil", "its type tags ',N' are not understood")}


@given(st.integers(-(2**32), 59), st.integers(0, 10**9 - 1), st.booleans())
def test_how_far_a_time_tag_is_ahead(seconds, ns, is_after_2036):
    """Time tags have 32 bits for seconds since 1900, which begin again in 2036."""
    wall_ns = (2_100_000_000 if is_after_2036 else 1_700_000_000) * 10**9
    ahead = seconds * 10**9 + ns
    if abs(seconds) >= 2**31:
        return
    tag = (wall_ns + ahead + 2_208_988_800 * 10**9 << 32) // 10**9 % 2**64
    assert abs(inbox.ahead_ns(tag, wall_ns) - max(ahead, 0)) <= 1


FLOOD = """
import socket, sys
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[2])):
    sender.sendto(b"/signal/x\\0\\0\\0,f\\0\\0\\x3f\\0\\0\\0", ("127.0.0.1", int(sys.argv[1])))
"""


def test_a_flood_costs_a_bounded_number_of_messages_per_poll_and_all_is_counted():
    sent = 30_000
    with osc.open(osc.Config(port=0), lambda: 0) as receiver:
        flood = subprocess.Popen([sys.executable, "-c", FLOOD, str(receiver.port), str(sent)])
        sizes = []
        while flood.poll() is None or (sizes and sizes[-1]):
            sizes.append(len(receiver.poll(200)))
            time.sleep(0.0005)
        assert flood.returncode == 0
        assert 0 < max(sizes) <= 200
        assert sum(sizes) == receiver.received
        if receiver.counts_drops:
            # Loopback may lose a packet elsewhere than at the socket; never one in a hundred.
            assert 0.99 * sent <= receiver.received + receiver.dropped <= sent


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:9000", ("127.0.0.1", 9000)),
        (" localhost:0 ", ("localhost", 0)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_endpoints(text, endpoint):
    assert osc.parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text", ["", "9000", ":9000", "host", "host:", "host:x", "host:-1", "host:65536", "::1:9000",
             "host:٣", "host:" + "9" * 5000],
)  # fmt: skip
def test_a_bad_endpoint_says_what_to_write(text):
    with pytest.raises(ValueError, match=r"write HOST:PORT .* like 127\.0\.0\.1:9000") as caught:
        osc.parse_endpoint(text)
    assert len(str(caught.value)) < 300


def test_a_port_in_use_is_one_clear_sentence(receiver):
    with pytest.raises(OSError, match=rf"127.0.0.1:{receiver.port}: another program has this port"):
        osc.open(osc.Config(port=receiver.port), lambda: 0)


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_here_is_one_clear_sentence(host):
    with pytest.raises(OSError, match=r"this machine has no such address; use 127\.0\.0\.1"):
        osc.open(osc.Config(host=host, port=0), lambda: 0)


def test_only_an_open_door_is_warned_of(receiver):
    assert receiver.warning == ""
    with osc.open(osc.Config(host="0.0.0.0", port=0), lambda: 0) as opened:
        assert f"OSC listens on 0.0.0.0:{opened.port}" in opened.warning
        assert ": everyone on that network can steer" in opened.warning


def test_an_open_door_says_where_others_send_to(monkeypatch):
    monkeypatch.setattr(sockets, "own_address", lambda: "192.168.1.23")
    with osc.open(osc.Config(host="0.0.0.0", port=0), lambda: 0) as opened:
        assert f" (others send to 192.168.1.23:{opened.port}): " in opened.warning


# --- feedback -------------------------------------------------------------------------------

values = st.one_of(
    st.booleans(),
    NUMBERS["h"],
    NUMBERS["f"],
    texts,
    st.lists(NUMBERS["f"], min_size=2, max_size=64).map(tuple),
)


@unhurried
@given(addresses, values)
def test_feedback_says_what_we_would_read(address, value):
    message = osc_send.encode(address, value)
    assert decode(message.dgram).messages == [(address, value)]


@unhurried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_feedback_floats_keep_their_size(value):
    ((_, read),) = decode(osc_send.encode("/a", value).dgram).messages
    assert math.isclose(read, value, rel_tol=1e-7, abs_tol=1e-44)


@pytest.mark.parametrize(
    ("address", "value"),
    [("/a", 2**63), ("/a", math.nan), ("/a", "a\0b"), ("/a", "\ud800"), ("/a", "x" * 1500),
     ("/a", (math.inf, 1.0)), ("", 1), ("a", 1), ("/a\0b", 1), ("/\ud800", 1)],
)  # fmt: skip
def test_what_osc_cannot_carry_is_counted_as_lost(address, value):
    with osc_send.open("127.0.0.1", 9) as sender:
        sender.send(address, value)
        assert sender.lost == 1


def test_feedback_reaches_a_receiver_and_survives_its_death():
    with osc.open(osc.Config(port=0), lambda: 0) as receiver:
        sender = osc_send.open("localhost", receiver.port)
        sender.send("/layer/form/opacity", 0.25)
        sender.send("/blackout", True)
        items = drain(receiver, 2)
    assert [item[1:] for item in items] == [("/layer/form/opacity", 0.25), ("/blackout", True)]
    for _ in range(20):
        sender.send("/dead", 1)
    assert sender.lost <= 20
    sender.close()
    sender.send("/closed", 1)
    assert sender.lost >= 1


def test_feedback_to_a_bad_host_is_one_clear_sentence():
    with pytest.raises(OSError, match=r"cannot send OSC feedback to a\.\.b:9000"):
        osc_send.open("a..b", 9000)


def test_it_tells_who_sent_what_to_those_who_ask(receiver):
    with client(receiver) as sender:
        sender.send_message("/unheard", 1.0)
        items = until(lambda: receiver.poll(10), "the message")
        assert receiver.came(items) == {}
        receiver.hears = True
        for address in ("/a", "/b"):
            sender.send_message(address, 1.0)
        until(lambda: receiver.poll(10) or receiver.received == 3, "both")
    assert receiver.came([(0, "/a", 1.0), (0, "/b", 1.0)]) == {"127.0.0.1": ["/a", "/b"]}
    assert receiver.came([(0, "/a", 1.0)]) == {}
