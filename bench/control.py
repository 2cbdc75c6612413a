"""Control: what messages, routes and cues cost, and how soon a hand is seen. Prints a table.

    .venv/bin/python -m bench.control [--rate SECONDS] [--json]

- ``per message``: CPU microseconds from the bytes to the event of its tick, over 1000 addresses:
  OSC in bundles and OSC in packets of their own, MIDI with mappings,
  parameters by pattern. The smallest of several, because other programs can only add to it.
- ``per tick``: what one more route, one more macro target, one more value of a running cue costs a
  tick; and one more cue that rests.
- ``hand to plan``: frames until the plan holds a value that came at any moment between two frames.
- ``--rate``: the default show is played for so many seconds at each rate of messages; the table
  says how many frames were skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

from bench.events import bundle, message
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.controllers.controllers import Controllers
from engine.play.event_queue import EventQueue
from engine.play.line import Line
from engine.sources.contract import EVERYTHING, Moved, Origin
from engine.sources.osc import osc
from engine.sources.osc.decode import decode

GOAL_US = 3.0
ADDRESSES = 1000
OSC = Origin("osc", EVERYTHING)
HAND = Origin("midi", EVERYTHING)
Table = list[tuple[str, float, str]]
"""What, its figure, its goal."""


def least_us(work: Callable[[], object], count: int, repeats: int = 60) -> float:
    """CPU microseconds of one of `count` things that are done at once."""
    best = float("inf")
    for _ in range(repeats):
        start = time.thread_time_ns()
        work()
        best = min(best, time.thread_time_ns() - start)
    return best / count / 1000


def seconds_of(ns: int) -> Fraction:
    return Fraction(ns, 10**9)


class Ports:
    """Devices of a controller that is not there."""

    def devices(self) -> list[str]:  # noqa: D102  as in the contract
        return ["bench"]

    def show(self, *_: object) -> None: ...  # noqa: D102  as in the contract

    def write(self, *_: object) -> None: ...  # noqa: D102  as in the contract


def controllers(folder: Path) -> Controllers:
    return Controllers(Ports(), (), lambda _: None, lambda *_: None, folder)


def faders(show: Show) -> list[str]:
    """Addresses of numbers that are cheap to move: what is measured is the way to them."""
    queue = EventQueue()
    queue.take(show, -1, OSC, [], seconds_of)
    index, parameters = show.registry.index, show.registry.parameters
    return [
        address for address, place in index.items()
        if parameters[place].kind is Kind.FLOAT and address not in queue.budget.prices
    ]  # fmt: skip


def measure_osc(show: Show, folder: Path) -> Table:
    hands, queue, tick = controllers(folder), EventQueue(), [0]
    queue.directory(show)
    rows = [(address, 0.5) for address in islice(faders(show), ADDRESSES)]

    def taken(packets: Sequence[bytes]) -> None:
        tick[0] += 1
        for packet in packets:
            items = [(0, *each) for each in decode(packet).messages]
            items, _ = hands.split(show, items, "osc")
            queue.take(show, tick[0] - 1, OSC, items, seconds_of)
        queue.events_of(tick[0])

    whole = [bundle(rows[k : k + 250], 250) for k in range(0, len(rows), 250)]
    found = [("OSC message, in bundles of 250", least_us(lambda: taken(whole), len(rows)))]
    with (
        osc.open(osc.Config(port=0), time.perf_counter_ns) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect(("127.0.0.1", receiver.port))
        best = bare = float("inf")
        for _ in range(30):
            for address, value in rows:
                sender.send(message(address, value))
            start = time.thread_time_ns()
            for _ in rows:
                receiver._read()
            bare = min(bare, (time.thread_time_ns() - start) / len(rows) / 1000)
            for address, value in rows:
                sender.send(message(address, value))
            count, start = 0, time.thread_time_ns()
            while count < len(rows):
                items = receiver.poll(256)
                count += len(items)
                items, _ = hands.split(show, items, "osc")
                queue.take(show, tick[0], OSC, items, seconds_of)
            tick[0] = max(queue._pending)
            queue.events_of(tick[0])
            best = min(best, (time.thread_time_ns() - start) / len(rows) / 1000)
    found.append(("OSC message, a packet each, without the system", best - bare))
    state, index = first_state(show), show.registry.index
    events = [Event(0, a, float(state.base[index[a]]), "osc", k) for k, (a, _) in enumerate(rows)]
    idle = least_us(lambda: advance(show, state, 0, ()), 1)
    moved = least_us(lambda: advance(show, state, 0, events), 1)
    found.append(("  and to write it, on its tick", (moved - idle) / len(rows)))
    one = [("/layer/*/opacity", 0.5)] * 32
    layers = len(show.layers) + 1
    found.append(("address of a pattern", least_us(lambda: taken([bundle(one, 32)]), 32 * layers)))
    table = [(what, us, f"{GOAL_US:g}") for what, us in found]
    return [*table, ("packet, for the system to hand it over", bare, "")]


def measure_midi(folder: Path) -> Table:
    """Bytes of 100 faders to events, through mappings; without the bytes if there is no MIDI."""
    count = 100
    text = '[[layers]]\nid = "a"\n[layers.generator]\nkind = "cppn"\n'
    names = faders(mapped_show(text))[:count]
    text += "".join(
        f'[[mappings]]\ncontrol = "midi/{1 + k // 50}/cc/{k % 50}"\n'
        f'address = "{name}"\ntakeover = "jump"\n'
        for k, name in enumerate(names)
    )
    show, hands, queue, tick = mapped_show(text), controllers(folder), EventQueue(), [0]
    state = first_state(show)
    queue.directory(show)
    chance = random.Random(1)
    sent = [(k, chance.randrange(128)) for _ in range(10) for k in range(count)]
    moved = [Moved(0, "bench", f"midi/{1 + k // 50}/cc/{k % 50}", value / 127) for k, value in sent]

    def taken(rows: Sequence[Moved]) -> None:
        tick[0] += 1
        queue.take(show, tick[0] - 1, HAND, hands.events(show, state, rows), seconds_of)
        queue.events_of(tick[0])

    goal = f"{GOAL_US:g}"
    try:
        from engine.sources.midi.controls import Interpreter
        from engine.sources.midi.decode import Parser
    except ImportError:
        return [
            ("MIDI control to event (no bytes)", least_us(lambda: taken(moved), len(sent)), goal)
        ]
    parser, reader = Parser(), Interpreter()
    stream = [bytes((0xB0 + k // 50, k % 50, value)) for k, value in sent]

    def from_bytes() -> None:
        taken([
            Moved(0, "bench", control, value)
            for data in stream for whole in parser.feed(data)
            for control, value in reader.read(whole)
        ])  # fmt: skip

    return [
        ("MIDI message, bytes to event", least_us(from_bytes, len(sent)), goal),
        ("  of it the mapping and its tick", least_us(lambda: taken(moved), len(sent)), ""),
    ]


def mapped_show(text: str) -> Show:
    return load.read(f"schema = 1\n{text}", "bench", lambda name: name)[0]


def tick_us(show: Show, state: State) -> float:
    return least_us(lambda: advance(show, state, state.tick + 1, ()), 1, 300)


def measure_ticks() -> Table:
    """What one more of something costs a tick: many of them against none, divided."""
    layers = "".join(
        f'[[layers]]\nid = "l{k}"\n[layers.generator]\nkind = "cppn"\n' for k in range(8)
    )
    base = layers + '[[lfos]]\nid = "o"\nrate_hz = 0.5\n'
    plain = mapped_show(base)
    names = [name for name in faders(plain) if "/generator/" in name and name.count("/") == 4][:64]
    routes = "".join(
        f'[[routes]]\nsignal = "lfo/o"\ntarget = "{name}"\ndepth = 0.1\nattack_s = 0.1\n'
        for name in names
    )
    targets = ", ".join(f'"{name}" = 0.3' for name in names)
    cue = f'[[cues]]\nid = "c"\ntime_s = 60.0\nset = {{ {targets} }}\n'
    resting = "".join(f'[[cues]]\nid = "c{k}"\nset = {{ "{names[0]}" = 0.3 }}\n' for k in range(64))

    def measured(text: str, *events: tuple[str, float]) -> float:
        show = mapped_show(base + text)
        state = first_state(show)
        for tick in range(state.tick + 1, state.tick + 13):
            fired = [Event(tick, *each, "osc") for each in events] if tick == 4 else []
            state = advance(show, state, tick, fired)
        return tick_us(show, state)

    none = measured("")
    return [
        ("route, a tick", (measured(routes) - none) / len(names), f"{GOAL_US:g}"),
        ("value of a running cue, a tick", (measured(cue, ("/cue/c/go", 1.0)) - none) / len(names),
         f"{GOAL_US:g}"),
        ("cue that rests, a tick", (measured(resting) - none) / 64, f"{GOAL_US:g}"),
    ]  # fmt: skip


def measure_frames(folder: Path) -> Table:
    """Frames from a hand at any moment to the first plan that holds its value."""
    name = "/layer/a/opacity"
    show = mapped_show(
        '[[layers]]\nid = "a"\n[layers.generator]\nkind = "cppn"\n'
        f'[[mappings]]\ncontrol = "midi/1/cc/7"\naddress = "{name}"\n'
        'takeover = "jump"\n'
    )
    hands, queue, chance = controllers(folder), EventQueue(), random.Random(1)
    line = Line(show, first_state(show), -1, {})
    place, most, fps = show.registry.index[name], 0, 60
    value, moment_ns, since = 0.0, 0, -1
    for frame in range(1200):
        now_ns = frame * 10**9 // fps
        if moment_ns <= now_ns and since < 0:
            moved = Moved(moment_ns, "bench", "midi/1/cc/7", value := chance.randrange(128) / 127)
            items, since = hands.events(show, line.state, [moved]), frame
            queue.take(show, line.state.tick, HAND, items, seconds_of)
        line.control(Fraction(frame, fps), queue.events_of)
        if since >= 0 and abs(line.plan(Fraction(frame, fps)).values[place] - value) < 1e-9:
            most, since = max(most, frame - since + 1), -1
            moment_ns = now_ns + chance.randrange(10**8)
    return [("frames from a hand to the plan, at most", float(most), "1")]


def play(rate: int, size: int, seconds: float) -> dict[str, float]:
    """Play the default show under so many messages a second, in packets of `size`.

    Every message says what its address holds already: what is measured is what messages cost, not
    what a picture costs in which every effect is up.
    """
    show = load.load("default").show
    base, index = first_state(show).base, show.registry.index
    rows = [(address, float(base[index[address]])) for address in faders(show)]
    packets = [bundle(rows[k:] + rows[:k], size) if size > 1 else message(*rows[k])
               for k in range(len(rows))]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        stats, ready = Path(folder) / "stats.json", Path(folder) / "ready.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.app.cli.main", "play", "default", "--output", "null",
             "--audio", "off", "--osc", "127.0.0.1:0", "--stats", stats, "--ready", ready,
             "--duration", str(seconds), "--size", "320x180"],
            stderr=subprocess.DEVNULL, env={**os.environ, "XDG_CACHE_HOME": folder},
        )  # fmt: skip
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not ready.exists() and process.poll() is None:
                time.sleep(0.05)
            if rate and process.poll() is None:
                there = ("127.0.0.1", json.loads(ready.read_text())["osc"]["port"])
                begin, sent = time.monotonic(), 0
                while process.poll() is None:
                    due = int((time.monotonic() - begin) * rate / size)
                    for _ in range(min(due - sent, 200)):
                        sender.sendto(packets[sent % len(packets)], there)
                        sent += 1
                    time.sleep(0.004)
            process.wait()
        told = json.loads(stats.read_text())
    return {"skipped %": 100 * told["skipped_share"], "dropped": told["osc"]["dropped"],
            "events ms": told["stages_cpu_ms"]["events"]}  # fmt: skip


RATES = (
    (0, 1), (500, 1), (2000, 1), (5000, 1), (10_000, 1), (10_000, 50), (15_000, 250),
)  # fmt: skip
"""Messages a second, and how many come in one packet."""


def measure_rates(seconds: float) -> None:
    print("\nmessages a second  in a packet  skipped %  dropped packets  events, ms a frame")
    for rate, size in RATES:
        skipped, dropped, events_ms = play(rate, size, seconds).values()
        print(f"{rate:>17} {size:>12} {skipped:>10.2f} {dropped:>16.0f} {events_ms:>19.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = measure_osc(load.load("default").show, folder) + measure_midi(folder)
        table += measure_ticks() + measure_frames(folder)
    if options.json:
        print(json.dumps({what.strip(): round(figure, 3) for what, figure, _ in table}, indent=2))
        return
    print(f"{'':<46} {'figure':>8}  goal   (us of CPU, unless it says otherwise)")
    for what, figure, goal in table:
        missed = "  missed" if goal and figure > float(goal) else ""
        print(f"{what:<46} {figure:>8.2f}  {goal and '≤ ' + goal}{missed}")
    if options.rate:
        measure_rates(options.rate)


if __name__ == "__main__":
    main()
