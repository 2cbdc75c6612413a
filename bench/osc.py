"""OSC: what decoding, draining and the worst packets cost. Prints one JSON document.

CPU times are the smallest of several repeats, because other programs can only add to them. The
worst packet is the largest of those, over packets made to be as heavy as the decoder's limits
allow. Compare ratios: both decoders run in turns in one process.
"""

from __future__ import annotations

import json
import random
import struct
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from engine.documents.show import load
from engine.play.event_queue import EventQueue
from engine.sources.contract import Origin
from engine.sources.osc import osc
from engine.sources.osc.decode import MAX_PACKET_BYTES, decode

HALF = b"\x3f\0\0\0"


def cpu_us(work: Callable[[], object], times: int) -> float:
    start = time.thread_time_ns()
    for _ in range(times):
        work()
    return (time.thread_time_ns() - start) / times / 1000


def measure_decode() -> dict[str, dict[str, float]]:
    builder = OscBundleBuilder(IMMEDIATELY)
    for k in range(32):
        builder.add_content(build_msg(f"/layer/{k}/opacity", 0.5))
    packets = {
        "float": build_msg("/layer/form/opacity", 0.5).dgram,
        "three_floats": build_msg("/layer/form/colour", [0.1, 0.2, 0.3]).dgram,
        "text": build_msg("/layer/form/blend", "screen").dgram,
        "bundle_of_32_floats": builder.build().dgram,
    }
    found = {}
    for name, packet in packets.items():
        ours, theirs = [], []
        for _ in range(15):
            ours.append(cpu_us(lambda p=packet: decode(p), 500))  # type: ignore[misc]  # a default
            theirs.append(cpu_us(lambda p=packet: OscPacket(p).messages, 500))  # type: ignore[misc]  # as above
        count = len(decode(packet).messages)
        found[name] = {
            "decode_us_per_message": round(min(ours) / count, 2),
            "python_osc_us_per_message": round(min(theirs) / count, 2),
            "python_osc_over_ours": round(min(theirs) / min(ours), 2),
        }
    return found


def measure_poll() -> dict[str, float]:
    """Fill the socket's buffer, then drain it; CPU of this thread per packet."""
    best, count = float("inf"), 4000
    with osc.open(osc.Config(port=0), time.monotonic_ns) as receiver:
        with SimpleUDPClient("127.0.0.1", receiver.port) as sender:
            message = build_msg("/layer/form/opacity", 0.5)
            for _ in range(10):
                for _ in range(count):
                    sender.send(message)
                read = len(items := receiver.poll(1))
                start = time.thread_time_ns()
                while items:
                    items = receiver.poll(256)
                    read += len(items)
                best = min(best, (time.thread_time_ns() - start) / read / 1000)
            empty = min(cpu_us(lambda: receiver.poll(256), 1000) for _ in range(10))
        dropped = receiver.dropped
    return {
        "us_per_packet": round(best, 2),
        "packets_per_cpu_second": round(1e6 / best),
        "dropped": dropped,
        "empty_poll_us": round(empty, 2),
    }


def measure_take() -> dict[str, float]:
    """What the player's queue does with 256 messages: CPU of one, and of one address of a pattern.

    `fresh_pattern_us` is a pattern that was not met before, over all addresses of the show.
    """
    show = load.load("default").show
    queue, origin = EventQueue(), Origin("osc")
    layers = [layer.id for layer in show.layers]

    def take(*items: tuple[str, float]) -> None:
        queue.take(show, 0, origin, [(0, *item) for item in items], lambda _: Fraction(1))
        queue.events_of(120)

    plain = [(f"/layer/{layers[k % len(layers)]}/opacity", 0.5) for k in range(256)]
    patterns = [("/layer/*/opacity", 0.5)] * 64
    take(patterns[0])
    best = dict.fromkeys(("us_per_message", "us_per_address_of_a_pattern", "fresh_pattern_us"), 1e9)
    for n in range(30):
        fresh = (f"/layer/*/path/{'*' * n}/speed", 0.5)
        costs = (
            cpu_us(lambda: take(*plain), 1) / len(plain),
            cpu_us(lambda: take(*patterns), 1) / len(patterns) / len(layers),
            cpu_us(lambda f=fresh: take(f), 1),  # type: ignore[misc]  # a default
        )
        best = {
            name: min(least, cost) for (name, least), cost in zip(best.items(), costs, strict=True)
        }
    return {name: round(cost, 2) for name, cost in best.items()}


def message(address: bytes, tags: bytes, data: bytes) -> bytes:
    padded = [part + b"\0" * (4 - len(part) % 4) for part in (address, b"," + tags)]
    return b"".join(padded) + data


def fill(make: Callable[[], bytes]) -> bytes:
    elements: list[bytes] = []
    size = 16
    while size + 4 + len(element := make()) <= MAX_PACKET_BYTES and len(elements) < 257:
        elements.append(struct.pack(">i", len(element)) + element)
        size += 4 + len(element)
    return b"#bundle\0\0\0\0\0\0\0\0\1" + b"".join(elements)


def heavy_packets() -> Iterator[tuple[str, bytes]]:
    """Packets at the limits. Every address and vector is new, so that no cache can help."""
    chance = random.Random(1)

    def address(length: int) -> bytes:
        return b"/" + chance.randbytes(4).hex().encode() + b"a" * (length - 9)

    def numbers(count: int) -> bytes:
        tags = bytes(chance.choices(b"ifhd", k=count))
        return message(address(9), tags, HALF * (count + sum(t in b"hd" for t in tags)))

    for _ in range(10):
        for length in (9, 60, 250):
            yield "floats", fill(lambda n=length: message(address(n), b"f", HALF))  # type: ignore[misc]  # a default
        for count in (1, 2, 3, 4, 5, 8, 16, 64):
            yield f"vectors_of_{count}", fill(lambda n=count: numbers(n))  # type: ignore[misc]  # as above
        yield "vectors_without_data", fill(lambda: message(address(9), b"dddd", b""))
        yield "colours", fill(lambda: message(address(9), b"r", HALF))
        yield "bad_text", fill(lambda: message(address(9), b"s", b"\xc3\xa9" * 100 + b"\xff\0\0\0"))
        yield "text", fill(lambda: message(address(9), b"s", b"\xc3\xa9" * 110 + b"\0" * 4))
        yield "arrays", fill(lambda: message(address(9), b"[iff]", HALF * 3))
        yield "unknown_tags", fill(lambda: message(address(9), b"fxfx", HALF * 4))
        yield "wildcards", fill(lambda: message(address(9) + b"*" * 240, b"f", HALF))
    yield "one_address", b"/" * 65_504
    yield "long_text", message(b"/a", b"s", b"\xc3\xa9" * 2047 + b"\0\0")
    yield "empty_elements", b"#bundle\0" + b"\0" * 8 + b"\0\0\0\4\0\0\0\0" * 8_186


def measure_worst() -> dict[str, float]:
    packets = list(heavy_packets())
    best = [float("inf")] * len(packets)
    for _ in range(15):
        for k, (_, packet) in enumerate(packets):
            best[k] = min(best[k], cpu_us(lambda p=packet: decode(p), 1))  # type: ignore[misc]  # a default
    worst: dict[str, float] = {}
    for (name, _), cost in zip(packets, best, strict=True):
        worst[name] = round(max(worst.get(name, 0.0), cost), 1)
    return dict(sorted(worst.items(), key=lambda item: -item[1]))


def main() -> None:
    worst = measure_worst()
    report = {
        "decode": measure_decode(),
        "poll": measure_poll(),
        "take": measure_take(),
        "worst_packet_cpu_us": max(worst.values()),
        "worst_packet_cpu_us_by_kind": worst,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
