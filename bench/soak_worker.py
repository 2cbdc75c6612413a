"""What `bench.soak` does to a worker: a clock that writes down what it holds, and work without end.

    python -m bench.soak_worker SHOW PICTURES

starts the workers of a show and asks them for so many pictures each, as fast as they answer. The
clock is what measures: beside the time it writes, every `EVERY` pictures, a row of JSON into
``FOLDER/PID``: how many pictures there were, and the bytes that are allocated then, exactly.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

EVERY = 100
FOLDER = "LATENT_CINEMA_SOAK"
_NAMES = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
    "keepcost",
)  # fmt: skip
_calls = count(1)


class _Mallinfo2(ctypes.Structure):
    """What glibc counts, over all its arenas; see mallinfo(3)."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _NAMES)


def allocated_bytes() -> int | None:
    """Bytes that are allocated in this process; None without glibc 2.33."""
    if not sys.platform.startswith("linux"):
        return None
    mallinfo2: Any = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is None:
        return None
    mallinfo2.restype = _Mallinfo2
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


def clock() -> float:
    """Seconds; a worker asks before and after each picture."""
    pictures, rest = divmod(next(_calls), 2)
    if not rest and pictures % EVERY == 0:
        gc.collect(1)
        row = {"frame": pictures, "bytes": allocated_bytes()}
        with Path(os.environ[FOLDER], str(os.getpid())).open("a") as file:
            file.write(json.dumps(row) + "\n")
    return time.perf_counter()


def feed(path: str, pictures: int) -> None:
    """Ask the workers of a show for pictures; print the process of each as JSON."""
    from bench.soak_worker import clock  # not of __main__, which a worker does not import
    from engine.core.show.state import first_state
    from engine.documents.show.load import load
    from engine.generators import registry
    from engine.generators.host.worker_host import open_worker
    from engine.play.line import Line

    show = load(path).show
    line, asked = Line(show, first_state(show), -1, {}), []
    for number in range(600):
        line.control(Fraction(number, 20), lambda _: ())
        asked.append(line.plan(Fraction(number, 20)).requests)
    hosts = {
        layer.id: open_worker(
            registry.open_spec(layer.generator.kind, layer.generator.config, layer.generator.spec),
            "cpu", max_size_px=asked[-1][layer.id].size_px, rate_cap_hz=1e9, nice=0, clock=clock,
        )
        for layer in show.layers
        if layer.generator is not None and layer.id in asked[-1]
    }  # fmt: skip
    seconds, made = 0, dict.fromkeys(hosts, 0)
    while min(made.values()) < pictures:
        seconds += 1
        for name, host in hosts.items():
            host.ask(replace(asked[seconds % len(asked)][name], seconds=float(seconds)))
            host.tend(time.monotonic())
            made[name] += host.newest() is not None
            if host.stats().state == "failed":
                raise SystemExit(f"{name}: {host.stats()}")
        time.sleep(0.0005)
    print(json.dumps({name: host.stats().pid for name, host in hosts.items()}))
    for host in hosts.values():
        host.close()


if __name__ == "__main__":
    feed(sys.argv[1], int(sys.argv[2]))
