"""How even the picture changes along a path: uniform, by tables of 4, 8 and 16 looks, and online.

Prints the variation (std / mean) of the perceived distance (msd, 64 px) of successive frames over a
closed path through six keys, 240 frames; the whole line is driven: show, ticks, events, latents.

    python bench/speed.py [cppn] [earth]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import requests_at
from engine.core.path.arc_length import SpeedEstimate, update_estimate
from engine.core.path.perceived_change import distance, features
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.generators import registry
from engine.generators.host.pixels import fetch, finish
from engine.generators.host.tasks import find_kind
from engine.play.tasks import even_speed

FRAMES, KEYS, FPS = 240, 6, 60
NETWORK = Path(__file__).resolve().parents[1] / "presets/networks/earth.safetensors"
GENERATORS = {
    "cppn": 'kind = "cppn"',
    "earth": f'kind = "stylegan2"\nconfig = {{ path = "{NETWORK}" }}',
}
SHOW = """schema = 1
[[layers]]
id = "form"
aspect = 1.0
[layers.generator]
%s
[layers.path]
motion = "keys"
seeds = [%d, %d, %d, %d, %d, %d]
speed = %g
even = %g
"""


def open_show(kind: str, seed: int, even: float) -> Show:
    seeds = range(seed, seed + KEYS)
    text = SHOW % (GENERATORS[kind], *seeds, KEYS * FPS / FRAMES, even)
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        return load.load(file.name).show


def open_generator(show: Show) -> Any:
    found = show.layers[0].generator
    assert found is not None
    return registry.build(registry.open_spec(found.kind, found.config, found.spec), "cpu")


def look(generator: Any, show: Show, state: State, seconds: float, side_px: int) -> Any:
    request = requests_at(show, state, seconds, {"form"})["form"]
    request = replace(request, size_px=(side_px, side_px))
    return features(fetch(finish(generator.render(request, None)[0])))


def probe(generator: Any, show: Show, state: State, per_knot: int) -> Event:
    """Look at the whole path once."""
    looks = even_speed.ProbeSchedule()
    probed = next(even_speed.probed_paths(show, state, 0.0))
    window = even_speed.Window(0.0, float(per_knot), True, KEYS * per_knot)
    path = [probed.latent(place) for place in window.places]
    task = even_speed.probe_task(show, state, 0.0, probed, window, path)
    *_, result = (each for each in find_kind("probe")(generator, task) if each)
    (event,), messages = looks.take(probed.path, window, result)
    for text in messages:
        print("   ", text)
    return Event(1, *event)


def steps(generator: Any, show: Show, per_knot: int, online: bool) -> list[float]:
    """Perceived distances of successive frames."""
    name, rate = show.paths[0].name, float(show.control_hz)
    state, seen, where, estimate = first_state(show), [], [], SpeedEstimate()
    events: list[Event] = []
    loops = 2 if online else 1  # what is felt has to begin with something
    for frame in range(FRAMES * loops + 1):
        while (state.tick + 1) / rate <= frame / FPS:
            tick = state.tick + 1
            state = advance(show, state, tick, [replace(e, tick=tick) for e in events])
            events = []
            if per_knot and tick == 0:
                events = [probe(generator, show, state, per_knot)]
        seen.append(look(generator, show, state, frame / FPS, 64))
        where.append(state.paths[0].phase)
        if online and len(seen) > 1:
            gone = where[-1] - where[-2]
            estimate = update_estimate(estimate, distance(seen[-2], seen[-1]), gone)
            events = [Event(0, f"{name}/felt", estimate.perceived)]
    return [distance(a, b) for a, b in pairwise(seen)][-FRAMES:]


def main() -> None:
    torch.set_num_threads(1)
    for kind in sys.argv[1:] or GENERATORS:
        for seed in (0, 11):
            print(f"{kind}, keys {seed} to {seed + KEYS - 1}")
            before = 0.0
            for name, per_knot, online in (
                ("uniform", 0, False),
                ("LUT 4", 4, False),
                ("LUT 8", 8, False),
                ("LUT 16", 16, False),
                ("online", 0, True),
            ):
                show = open_show(kind, seed, 0.0 if name == "uniform" else 1.0)
                found = steps(open_generator(show), show, per_knot, online)
                cv = statistics.pstdev(found) / statistics.mean(found)
                before = before or cv
                jump = max(found) / statistics.median(found)
                print(f"  {name:8} CV {cv:.3f}  before/after {before / cv:4.1f}  jump {jump:.2f}")


if __name__ == "__main__":
    main()
