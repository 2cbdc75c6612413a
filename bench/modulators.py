"""Modulators, routes and macros: what one of each costs. Prints one JSON document.

    .venv/bin/python -m bench.modulators [--count N]

CPU microseconds of one more on a tick and in a sample, above those of the same show without them:
the smallest of several repeats, because other programs can only add to it. ``route`` is one that
follows an oscillator at once; each modulator comes with such a route, whose cost is taken away.
"""

from __future__ import annotations

import argparse
import json
import time

from engine.core.frame.advance import advance
from engine.core.frame.values import effective
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show import load

TICKS, REPEATS = 40, 15
TARGET = "/layer/form/generator/line"
HEAD = """schema = 1
signals = ["hand"]
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[[lfos]]
id = "o"
"""
KEYS = {
    "adsr": 'gate = "beat/pulse"',
    "follower": 'signal = "lfo/o"',
    "sequence": "values = [0.1, 0.9, 0.5]\nglide = 0.5\nswing = 0.3",
    "brownian": "rate_hz = 2.0",
    "counter": 'gate = "beat/pulse"',
    "logic": 'signals = ["lfo/o", "hand"]\nop = "and"',
    "sample_hold": 'signal = "lfo/o"\ngate = "beat/pulse"',
    "expression": 'expression = "mix(lfo/o, hand, 0.5) * max(sin(beat), 0.2)"',
    "one_euro": 'signal = "lfo/o"',
    "slew": 'signal = "lfo/o"',
    "breakpoints": 'signal = "lfo/o"\npoints = [[0, 0], [0.3, 1], [1, 0.5]]\nshape = "cubic"',
}


def route(signal: str) -> str:
    return f'[[routes]]\nsignal = "{signal}"\ntarget = "{TARGET}"\ndepth = 0.01\n'


def read(text: str) -> Show:
    return load.read(HEAD + text, "bench", str)[0]


def cost(show: Show) -> tuple[float, float]:
    """CPU microseconds of a tick and of a sample half way to the next."""
    begun = first_state(show)
    ticks, samples = [], []
    for _ in range(REPEATS):
        state, start = begun, time.process_time()
        for _ in range(TICKS):
            state = advance(show, state, state.tick + 1)
        middle = time.process_time()
        for _ in range(TICKS):
            effective(show, state, (state.tick + 0.5) / 120)
        ticks.append(middle - start)
        samples.append(time.process_time() - middle)
    return min(ticks) / TICKS * 1e6, min(samples) / TICKS * 1e6


def main() -> None:
    """Measure all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=64)
    count = parser.parse_args().count
    macro = '[[macros]]\nid = "m{}"\ntargets = [{{ target = "' + TARGET + '", range = [0, 1] }}]\n'
    shows = {"nothing": "", "route": route("lfo/o") * count,
             "macro": "".join(macro.format(i) for i in range(count))}  # fmt: skip
    for kind, keys in KEYS.items():
        made = (f'[[modulators]]\nid = "m{i}"\nkind = "{kind}"\n{keys}\n' for i in range(count))
        shows[kind] = "".join(made) + "".join(route(f"mod/m{i}") for i in range(count))
    costs = {name: cost(read(text)) for name, text in shows.items()}
    found = {}
    for name, (tick, sample) in costs.items():
        less = costs["route" if name in KEYS else "nothing"]
        found[name] = {"tick_us": round((tick - less[0]) / count, 3),
                       "sample_us": round((sample - less[1]) / count, 3)}  # fmt: skip
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
