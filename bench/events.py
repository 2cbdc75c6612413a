"""Events: what packets, what a performer has piled up, and a flood cost. Prints one JSON document.

    .venv/bin/python -m bench.events [--flood SECONDS] [--show SHOW]

- ``packets``: CPU milliseconds of one full OSC packet of every kind: decode, intake, sentence,
  ticks until nothing waits, sample; and ``in_all``, whose goal is 1.0. Ticks and samples are
  counted above those of the state that the packet leaves behind: layers that it shows are drawn
  because they are visible (``frame_after`` against ``frame_before``), not because a packet came.
  The smallest of several repeats of a stage, because other programs can only add to it.
- ``piled``: CPU of a frame (two ticks, one sample) with 256 keys or 512 bans on every path, over
  that of the same show without them.
- ``flood``: the show is played, by turns without and with 175 kB/s of such packets, and frames that
  were skipped are counted. What makes the picture itself dear (scenes, opacities, modifiers) is
  left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import cycle, islice, pairwise
from pathlib import Path

from engine.core.event import Event, Value
from engine.core.frame.advance import advance
from engine.core.frame.sample import sample
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.event_queue import EventQueue
from engine.sources.contract import EVERYTHING, Origin
from engine.sources.osc.decode import MAX_PACKET_BYTES, decode

OSC = Origin("osc", EVERYTHING)
SWITCHES = ("motion", "spline", "closed", "turning", "centre")
HEAVY = ("floats", "parameters by pattern", "cues", "all triggers")
"""These make the picture itself dear."""
BYTES_PER_S = 175_000
Row = Sequence[tuple[str, Value]]


def message(address: str, value: Value) -> bytes:
    tags, data = ",", b""
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, str):
            tags, data = tags + "s", data + padded(each.encode())
        else:
            tags, data = tags + "f", data + struct.pack(">f", each)
    return padded(address.encode()) + padded(tags.encode()) + data


def padded(text: bytes) -> bytes:
    return text + b"\0" * (4 - len(text) % 4)


def bundle(row: Row, count: int = 256) -> bytes:
    """Repeat messages until a packet is full."""
    packet = b"#bundle\0" + b"\0" * 7 + b"\1"
    for each in islice(cycle(row), count):
        element = message(*each)
        if len(packet) + 4 + len(element) > MAX_PACKET_BYTES:
            break
        packet += struct.pack(">i", len(element)) + element
    return packet


def packets(show: Show) -> Iterator[tuple[str, bytes]]:
    """One packet of every kind of event, and mixtures."""
    paths = show.constants.paths
    table = (0.0, 4.0, 1.0, 0.0, *(1.0 + 0.1 * k for k in range(60)))
    own: dict[str, list[tuple[str, Value]]] = {}
    for name in paths[0].parts.events:
        known: dict[str, Value] = {"table": table, "felt": (0.5, 0.6), "corner": 1}
        for path in paths:
            count = min(path.size * path.points, 64)
            long = tuple(0.1 * k for k in range(count)) if name in ("key", "pull") else 1
            own.setdefault(name, []).append((f"{path.name}/{name}", known.get(name, long)))
    for name, row in own.items():
        yield f"{name}, one path", bundle(row[:1])
        yield f"{name}, every path", bundle(row)
    yield "every event, every path", bundle([each for row in own.values() for each in row])
    parameters = show.registry.parameters
    fired = [parameters[place].address for place in sorted(show.triggers)]
    yield "all triggers", bundle([(address, 1) for address in fired])
    yield "cues", bundle([(address, 1) for address in fired if address.startswith("/cue/")])
    yield "switches", bundle([(f"{p.name}/{n}", k % 3) for k, n in enumerate(SWITCHES * 3)
                              for p in paths])  # fmt: skip
    floats = [p.address for p in parameters if p.kind is Kind.FLOAT]
    yield "floats", bundle([(address, 0.5) for address in floats])
    yield "one float", bundle([(floats[0], 0.5)])
    yield "texts", bundle([(address, "half") for address in floats])
    yield "long texts", bundle([(floats[0], "h" * 4000)])
    yield "vectors of 60", bundle([(floats[0], (0.5,) * 60)])
    yield "unknown addresses", bundle([(f"/layer/strike/path/x{k}", 0.5) for k in range(256)])
    yield "events by pattern", bundle([("/layer/*/path*/drop_key", 1)])
    yield "parameters by pattern", bundle([(f"{p.name}/*", 0.5) for p in paths])
    yield "new patterns", bundle([(f"/layer/*/path*/drop_key?{k}", 1) for k in range(256)])
    nested = bundle(own["corner"], 200)
    for _ in range(7):
        nested = b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", len(nested)) + nested
    yield "corners, nested", nested


def cpu_ms() -> float:
    return time.thread_time_ns() / 1e6


def spend(show: Show, state: State, packet: bytes, queue: EventQueue) -> list[float]:
    """CPU of each stage of a packet in milliseconds; a warm queue knows its show already."""
    laps = [cpu_ms()]
    messages = decode(packet).messages
    laps.append(cpu_ms())
    items = [(0, *each) for each in messages]
    queue.take(show, state.tick, OSC, items, lambda ns: Fraction(ns, 10**9))
    laps.append(cpu_ms())
    if queue.complaints.is_waiting:
        queue.complaints.next(queue.directory(show))
    laps.append(cpu_ms())
    ticks: list[float] = []
    while not ticks or queue.budget.is_waiting or len(ticks) < 2:
        start = cpu_ms()
        state = advance(show, state, state.tick + 1, queue.events_of(state.tick + 1))
        ticks.append(cpu_ms() - start)
    sampled = [cpu_ms()]
    for _ in range(2):
        sample(show, state, state.tick / 120 + 0.004)
        sampled.append(cpu_ms())
        state = advance(show, state, state.tick + 1, ())
    first, again = (b - a for a, b in pairwise(sampled))
    rest = min(idle_ms(show, state) for _ in range(3))
    stages = [b - a for a, b in pairwise(laps)]
    return [*stages, max(ticks), sum(ticks), first, len(ticks), rest, again]


def idle_ms(show: Show, state: State) -> float:
    start = cpu_ms()
    advance(show, state, state.tick + 1, ())
    return cpu_ms() - start


def warm_queue(show: Show) -> EventQueue:
    queue = EventQueue()
    queue.directory(show)
    queue.take(show, -1, OSC, [], Fraction)
    return queue


def measure_packets(show: Show, state: State, repeats: int = 7) -> dict[str, dict[str, float]]:
    before = [spend(show, state, b"", warm_queue(show)) for _ in range(20)]
    _, taken_idle, said_idle, _, ticks_idle, *_, rest_idle, again_idle = map(
        min, zip(*before, strict=True)
    )
    frame_before = 2.0 * rest_idle + again_idle
    first_ms = ticks_idle - 2.0 * rest_idle  # the first tick is dearer: nothing of it is at hand
    found = {}
    for name, packet in packets(show):
        runs = [spend(show, state, packet, warm_queue(show)) for _ in range(repeats)]
        read, taken, said, dearest, ticks, sampled, count, rest, again = map(
            min, zip(*runs, strict=True)
        )
        taken, said = taken - taken_idle, said - said_idle
        moved = max(ticks - count * rest - first_ms, 0.0)
        found[name] = {
            "bytes": len(packet), "decode": read, "intake": taken, "sentence": said,
            "dearest_tick": dearest - rest, "all_ticks": moved, "ticks": count,
            "sample": max(sampled - again, 0.0), "frame_before": frame_before,
            "frame_after": 2.0 * rest + again,
            "in_all": read + taken + said + moved + max(sampled - again, 0.0),
        }  # fmt: skip
    ordered = sorted(found.items(), key=lambda item: -item[1]["in_all"])
    return {name: {k: round(v, 3) for k, v in row.items()} for name, row in ordered}


def go(show: Show, state: State, row: Row = (), ticks: int = 1) -> State:
    for n in range(ticks):
        tick = state.tick + 1
        events = [Event(tick, *each, "osc", k) for k, each in enumerate(row)] if not n else []
        state = advance(show, state, tick, events)
    return state


def frame_us(show: Show, state: State, frames: int = 60) -> float:
    best = float("inf")
    for _ in range(7):
        after, start = state, cpu_ms()
        for _ in range(frames):
            after = go(show, after, (), 2)
            sample(show, after, after.tick / 120 + 0.004)
        best = min(best, (cpu_ms() - start) / frames * 1000)
    return best


def measure_piled(show: Show) -> dict[str, dict[str, float]]:
    """Compare states at rest: cues and flights are over, every layer is visible."""
    paths = [path.name for path in show.constants.paths]
    visible = [(f"/layer/{layer.id}/opacity", 1.0) for layer in show.layers]
    state = go(show, go(show, first_state(show), [("/master/autopilot", 0)], 600), visible, 1200)
    found = {}
    states: dict[str, Row] = {
        "walk": [], "keys": [("motion", "keys")],
        "keys, catmull": [("motion", "keys"), ("spline", "catmull")],
        "keys, magnets": [("motion", "keys"), ("magnet", 0.5), ("snap_rad", 0.2)],
    }  # fmt: skip
    for event, count in (("drop_key", 256), ("ban", 512)):
        piled = state
        for _ in range(count):
            for path in paths:
                piled = go(show, piled, [(f"{path}/{event}", 1)])
        piled = go(show, piled, (), 600)
        for name, row in states.items() if event == "drop_key" else (("walk, to one ban", []),):
            first = [(f"{path}/ban", 1) for path in paths] if event == "ban" else []
            sent = [(f"{path}/{setting}", value) for path in paths for setting, value in row]
            none = frame_us(show, go(show, state, [*first, *sent], 600))
            many = frame_us(show, go(show, piled, sent, 600))
            found[f"{count} {event}: {name}"] = {
                "none_us": round(none), "piled_us": round(many), "ratio": round(many / none, 2),
            }  # fmt: skip
    return found


def play(show: str, seconds: float, sent: Sequence[bytes]) -> dict[str, object]:
    """Play a show, with or without packets that come all the time; return what its stats say."""
    with tempfile.TemporaryDirectory() as folder:
        stats, order = Path(folder) / "stats.json", random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            there = free.getsockname()
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.app.cli.main", "play", show, "--output", "null",
             "--audio", "off", "--osc", "{}:{}".format(*there), "--stats", stats,
             "--duration", str(seconds), "--size", "320x180"],
            stderr=subprocess.DEVNULL, env={**os.environ, "XDG_CACHE_HOME": folder},
        )  # fmt: skip
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while process.poll() is None:
                packet = order.choice(sent) if sent else b""
                if packet:
                    sender.sendto(packet, there)
                time.sleep(len(packet) / BYTES_PER_S if packet else 0.05)
        told = json.loads(stats.read_text())
    keys, queue = ("frames", "skipped", "skipped_share"), told["osc"]
    return {
        **{key: told[key] for key in keys},
        **{name: told["stages_cpu_ms"][name] for name in ("events", "control", "take")},
        "left_out": queue["left_out_total"],
        "deferred": queue["deferred"],
    }


def measure_flood(path: str, show: Show, seconds: float, rounds: int = 3) -> dict[str, object]:
    kinds = [packet for name, packet in packets(show) if name not in HEAVY]
    runs: dict[str, list[dict[str, object]]] = {"calm": [], "flood": []}
    for _ in range(rounds):
        runs["calm"].append(play(path, seconds, []))
        runs["flood"].append(play(path, seconds, kinds))
    return {"load": os.getloadavg()[0], **runs}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", default="presets/default.toml")
    parser.add_argument("--flood", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args()
    show = load.load(options.show).show
    report: dict[str, object] = {}
    if options.flood:
        report["flood"] = measure_flood(options.show, show, options.flood)
    else:
        state = go(show, first_state(show), (), 200)
        report = {"packets": measure_packets(show, state), "piled": measure_piled(show)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
