"""OSC over TCP: streams become packets however they are cut, and no stream stops anything."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.osc import osc_tcp, sender
from engine.sources.osc.decode import MAX_PACKET_BYTES
from engine.sources.osc.osc_tcp import END, MOST_CONNECTIONS, Config, Stream
from tests.performing import until

PACKETS = st.lists(st.binary(min_size=1, max_size=60), max_size=6)


def slip(packet: bytes) -> bytes:
    escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return END + escaped + END


def counted(packet: bytes) -> bytes:
    return len(packet).to_bytes(4, "big") + packet


def message(address: str, value: float) -> bytes:
    found = sender.encode(address, value)
    assert found is not None
    return found.dgram


@given(PACKETS, st.sampled_from([slip, counted]), st.integers(1, 40))
def test_packets_come_out_as_they_went_in_however_the_stream_is_cut(packets, write, step) -> None:
    sent = b"".join(map(write, packets))
    stream, found = Stream(), []
    for at in range(0, len(sent), step):
        found += stream.feed(sent[at : at + step])
    assert found == packets


def test_slip_without_a_first_end_is_understood() -> None:
    assert list(Stream().feed(b"/a\0\0,\0\0\0" + END)) == [b"/a\0\0,\0\0\0"]


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_packets_or_a_refusal(data) -> None:
    with suppress(ValueError):
        assert sum(map(len, Stream().feed(data))) <= len(data)


@pytest.mark.parametrize(
    "data", [END + b"a" * (2 * MAX_PACKET_BYTES + 1), b"\0\xff\xff\xff", b"\0\1\0\0" * 2]
)
def test_a_packet_that_is_too_long_ends_the_stream(data) -> None:
    with pytest.raises(ValueError, match="longer than"):
        list(Stream().feed(data))


@pytest.fixture
def receiver():
    with osc_tcp.open(Config(port=0), time.monotonic_ns) as found:
        yield found


def came(receiver, count: int) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []

    def look() -> bool:
        receiver.tend(0.0)
        found.extend((address, value) for _, address, value in receiver.poll(64))
        return len(found) >= count

    until(look, f"{count} messages")
    return found


def connect(receiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), 60)


def test_both_framings_steer_at_the_same_time_and_bad_packets_are_counted(receiver) -> None:
    receiver.hears = True
    with connect(receiver) as one, connect(receiver) as other:
        one.sendall(slip(message("/a", 0.5)) + slip(b"nonsense"))
        other.sendall(counted(message("/b", 1.0)))
        found = sorted(came(receiver, 2))
        assert found == [("/a", 0.5), ("/b", 1.0)]
    until(lambda: receiver.poll(9) or receiver.refused == 1, "the refusal")
    assert receiver.came((0, *each) for each in found) == {"127.0.0.1": ["/a", "/b"]}


def test_a_broken_stream_ends_its_connection_only(receiver) -> None:
    with connect(receiver) as bad, connect(receiver) as good:
        bad.sendall(b"\0\xff\xff\xff")
        good.sendall(slip(message("/a", 0.5)))
        assert came(receiver, 1) == [("/a", 0.5)]
        until(lambda: receiver.poll(9) or receiver.refused, "the refusal")
        assert bad.recv(1) == b""
        good.sendall(slip(message("/a", 1.0)))
        assert came(receiver, 1) == [("/a", 1.0)]
    (told,) = receiver.refusals()
    assert "its connection is closed" in told[1]


def test_connections_are_bounded_and_a_flood_waits(receiver) -> None:
    idle = [connect(receiver) for _ in range(MOST_CONNECTIONS + 3)]
    try:
        idle[0].sendall(slip(message("/a", 0.5)) * 5000)
        assert len(came(receiver, 5000)) == 5000
        assert receiver.refused == 3
        assert len(receiver._open) == MOST_CONNECTIONS
    finally:
        for each in idle:
            each.close()
    until(lambda: receiver.poll(9) or not receiver._open, "their ends")


def test_who_may_not_send_is_not_read() -> None:
    with osc_tcp.open(Config(port=0, allow=("192.0.2.7",)), time.monotonic_ns) as receiver:
        with connect(receiver) as client:
            client.sendall(slip(message("/a", 0.5)))
            until(lambda: receiver.tend(0.0) or receiver.poll(9) or receiver.turned_away, "it")
        assert receiver.refusals()[0][0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said(receiver) -> None:
    with pytest.raises(OSError, match=r"cannot listen for OSC over TCP .* another program"):
        osc_tcp.open(Config(port=receiver.port), time.monotonic_ns)
