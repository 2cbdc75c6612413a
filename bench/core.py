"""The core: CPU of a tick, of a sample and of the line in Python. Prints one JSON document.

With ``--against TREE`` (the checkout of another version) both are measured by turns, each in a
process of its own, and the ratios of this one to that one are printed.

CPU times of this thread; the smallest (a tick, a sample) or the median (the line) of several
repeats, because other programs can only add to them. `reference_us` is what a fixed piece of plain
Python costs on the same machine in the same run: compare `ratio` between machines and versions.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.plan import Plan
from engine.core.frame.sample import sample
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.line import Line, draw

TRAILS = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "inputImage", "TYPE": "image"},
  {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1},
  {"NAME": "tint", "TYPE": "color", "DEFAULT": [1, 1, 1, 1]},
  {"NAME": "flash", "TYPE": "event"}],
 "PASSES": [{"TARGET": "trail", "PERSISTENT": true}, {}]}*/
void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }
"""


def make_show(layers: int, size: int, routes: int) -> Show:
    """Make a show of CPPN layers with two effects each, and routes of every kind."""
    text = ["schema = 1", "control_hz = 120", 'signals = ["a", "b"]']
    for n in range(layers):
        text += [
            "[[layers]]", f'id = "l{n}"', "[layers.generator]", 'kind = "cppn"',
            f"config = {{ latent_size = {size} }}",
            "[[layers.effects]]", 'shader = "trails"', 'id = "one"',
            "[[layers.effects]]", 'shader = "trails"', 'id = "two"',
        ]  # fmt: skip
    for n in range(3):
        text += ["[[lfos]]", f'id = "o{n}"', f"rate_hz = {0.1 + 0.1 * n}"]
    kinds = ("attack_s = 0.01\nrelease_s = 0.2", "", "one_euro = {}", 'curve = "smooth"')
    signals = ("audio/level", "lfo/o0", "a", "audio/low", "lfo/o1", "beat/phase", "b", "audio/flux")
    targets = ("effect/one/amount", "path/radius", "opacity", "effect/two/tint/g", "path/offset")
    for n in range(routes):
        target = f"/layer/l{n % layers}/{targets[n % len(targets)]}"
        text += [
            "[[routes]]", f'signal = "{signals[n % len(signals)]}"', f'target = "{target}"',
            "depth = 0.05", kinds[n % len(kinds)],
        ]  # fmt: skip
    return load.read("\n".join(text), "bench", lambda _: TRAILS)[0]


def make_events(show: Show, tick: int, count: int) -> list[Event]:
    """Make the audio features and moves of parameters, as a busy tick has them."""
    row = tuple(0.1 + 0.05 * (tick % 7) for _ in show.audio)
    events = [Event(tick, "/signal/audio", row, "sound", 0)][: min(count, 1)]
    addresses = [p.address for p in show.registry.parameters if p.kind is Kind.FLOAT]
    for n in range(count - len(events)):
        address = addresses[(7 * n) % len(addresses)]
        events.append(Event(tick, address, 0.4 + 0.001 * (tick % 100), "osc", n))
    return events


def cpu_us(work: Callable[[], object], times: int, repeats: int = 12) -> float:
    """Return the smallest CPU time of one call, in microseconds."""
    found = []
    for _ in range(repeats):
        start = time.thread_time_ns()
        for _ in range(times):
            work()
        found.append((time.thread_time_ns() - start) / times / 1000)
    return min(found)


def reference() -> float:
    """Plain Python arithmetic, the yardstick of this machine."""
    x = 0.0
    for n in range(1000):
        x = 0.5 * x + n
    return x


def ticks_us(show: Show, events: int) -> float:
    """Return the CPU time of a tick over 240 different ticks."""
    listed = [make_events(show, tick, events) for tick in range(240)]
    state = first_state(show)

    def run() -> State:
        found = state
        for tick, events in enumerate(listed):
            found = advance(show, found, tick, events)
        return found

    return cpu_us(run, 1) / len(listed)


def played(show: Show, ticks: int) -> State:
    """Advance a show over some busy ticks."""
    state = first_state(show)
    for tick in range(ticks):
        state = advance(show, state, tick, make_events(show, tick, 4))
    return state


class NoPixels:
    """Stands for the generators."""

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Have the pixels of every layer at hand."""
        return dict.fromkeys(layers, plan.seconds)


class NoCompositor:
    """Stands for everything that is drawn."""

    def step(self, plan: Plan, pixels: Mapping[str, Any]) -> None:
        """Draw no step."""

    def compose(self, plan: Plan, pixels: Mapping[str, Any]) -> Any:
        """Draw no picture."""


def line_us(show: Show, fps: int, frames: int) -> list[float]:
    """Return the CPU time of every frame of the line, without pixels."""
    line = Line(show, first_state(show), -1, {})
    listed = {tick: make_events(show, tick, 2) for tick in range(frames * 120 // fps + 2)}
    events: Callable[[int], Sequence[Event]] = lambda tick: listed.get(tick, ())  # noqa: E731
    spent = []
    for frame in range(frames):
        start = time.thread_time_ns()
        seconds = Fraction(frame, fps)
        steps = line.control(seconds, events)
        draw(NoCompositor(), NoPixels(), steps, line.plan(seconds))
        spent.append((time.thread_time_ns() - start) / 1000)
    return spent


def against(tree: Path, rounds: int) -> dict[str, Any]:
    """Measure this version and another one by turns; the smallest of all rounds count."""
    here = Path(__file__).resolve().parents[1]
    found: dict[Path, list[dict[str, Any]]] = {here: [], tree.resolve(): []}
    for _ in range(rounds):
        for root, listed in found.items():
            done = subprocess.run(
                [sys.executable, str(root / "bench" / "core.py")],
                cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            listed.append(json.loads(done.stdout))
    ours, others = found.values()
    names = [name for name in ours[0] if name.endswith(("_us", "_median"))]
    least = {n: [min(each[n] for each in listed) for listed in (ours, others)] for n in names}
    ratios = {name: round(a / b, 3) for name, (a, b) in least.items()}
    return {"this_and_that": least, "ratio": ratios}


def main() -> None:
    """Measure a tick, a sample and the line, here or also there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="TREE")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.against is None:
        measure()
    else:
        print(json.dumps(against(options.against, options.rounds), indent=2))


def measure() -> None:
    """Measure this version."""
    one = make_show(1, 512, 32)
    four = make_show(4, 64, 32)
    state = played(one, 200)
    yardstick = cpu_us(reference, 20)
    busy, quiet = ticks_us(one, 16), ticks_us(one, 0)
    sampled = cpu_us(lambda: sample(one, state, 200.4 / 120), 200)
    frames = min((line_us(four, 60, 240) for _ in range(5)), key=statistics.median)
    found = {"advance": busy, "advance_without_events": quiet, "sample": sampled}
    print(
        json.dumps(
            {
                "parameters": len(one.registry.parameters),
                "routes": len(one.routes),
                "events": 16,
                "latent_size": 512,
                "reference_us": round(yardstick, 2),
                **{f"{name}_us": round(us, 1) for name, us in found.items()},
                "line_ms_median": round(statistics.median(frames) / 1000, 3),
                "line_ms_p99": round(sorted(frames)[int(len(frames) * 0.99)] / 1000, 3),
                "ratio": {
                    name: round(us / yardstick, 3)
                    for name, us in {**found, "line": statistics.median(frames)}.items()
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
