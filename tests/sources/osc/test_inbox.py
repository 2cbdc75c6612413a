"""What has a time tag keeps its time; what has none waits for the delay that the show asks for."""

from __future__ import annotations

import struct

from pythonosc.osc_message_builder import build_msg

from engine.sources.osc.inbox import Inbox

MESSAGE = build_msg("/a", 0.5).dgram
IN_1970_S = 2_208_988_800


def bundle(tag: int) -> bytes:
    return b"#bundle\0" + struct.pack(">Qi", tag, len(MESSAGE)) + MESSAGE


class Packets(Inbox):
    """An inbox of packets that are there already, on a clock that a test turns."""

    def __init__(self, *packets: bytes, delay_ns: int = 0) -> None:
        self.now_ns = 0
        super().__init__(lambda: self.now_ns)
        self.wall_ns = lambda: self.now_ns
        self.delay_ns = delay_ns
        self._packets = list(packets)

    def _read(self) -> bytes | None:
        return self._packets.pop(0) if self._packets else None


def played(inbox: Packets) -> list[tuple[int, int]]:
    """When each message was for, and when it was handed over; in milliseconds."""
    found = []
    for ms in range(1000):
        inbox.now_ns = ms * 10**6
        found += [(arrival_ns // 10**6, ms) for arrival_ns, _, _ in inbox.poll(256)]
    return found


def test_a_delay_holds_what_has_no_time_of_its_own() -> None:
    at_300_ms = (IN_1970_S << 32) + (3 << 32) // 10
    assert played(Packets(MESSAGE)) == [(0, 0)]
    assert played(Packets(MESSAGE, delay_ns=200 * 10**6)) == [(200, 200)]
    assert played(Packets(bundle(1), delay_ns=200 * 10**6)) == [(200, 200)]
    ((due, handed_over),) = played(Packets(bundle(at_300_ms), delay_ns=200 * 10**6))
    assert 299 <= due <= handed_over <= 301
    late = bundle(IN_1970_S << 32)  # its time is now, or over
    assert played(Packets(late, delay_ns=200 * 10**6)) == [(0, 0)]


def test_what_waits_for_a_delay_is_bounded_and_counted() -> None:
    inbox = Packets(*[MESSAGE] * 1500, delay_ns=10**9)
    while inbox._packets:
        assert inbox.poll(256) == []
    assert len(inbox._schedule) == 1024
    assert inbox.refused == 1500 - 1024
    assert "wait for their time" in inbox.refusals()[0][1]
