"""Time of our StyleGANs and of the plain formulation, interleaved in one process, as JSON.

``python -m bench.stylegan [--threads N] [--rounds N] [NAME…]``; names are ``sg2-256``, ``sg2-512``,
``sg2-1024``, ``sg3t-256``, ``sg3r-256``, ``sg3t-512``, ``sg3r-512`` and, quicker, ``sg2-128``,
``sg3t-128``, ``sg3r-128``. For a kept heap: ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8589934592
MALLOC_TOP_PAD_=268435456``.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from bench.stylegan_plain import Plain, draw_stylegan2, draw_stylegan3
from engine.generators.kinds import stylegan2, stylegan3
from engine.models.random_networks import make_stylegan2, make_stylegan3

Draw = Callable[[], torch.Tensor]
ALL = ("sg2-256", "sg2-512", "sg2-1024", "sg3t-256", "sg3r-256", "sg3t-512", "sg3r-512")


def make(name: str) -> tuple[Draw, Draw, bool]:
    """Return ours, the plain one, and whether the compiled path draws ours."""
    kind, _, side = name.partition("-")
    resolution = int(side)
    ws: torch.Tensor
    random = torch.Generator().manual_seed(1)
    base = 16384 if resolution < 512 else 32768  # as the papers' configurations
    if kind == "sg2":
        state, modules = make_stylegan2(resolution, base=base)
        two, plain = stylegan2.build_network(state, modules), Plain(state, modules)
        ws = torch.randn(1, two.num_ws, 512, generator=random)
        return lambda: two.synthesize(ws), lambda: draw_stylegan2(plain, ws), bool(two.cpu_backend)
    radial: dict[str, Any] = {"kernel": 1, "radial": True, "base": 2 * base, "most": 1024}
    state, modules = make_stylegan3(resolution, **(radial if kind == "sg3r" else {"base": base}))
    three, plain = stylegan3.build_network(state, modules), Plain(state, modules)
    ws = torch.randn(1, three.num_ws, 512, generator=random)
    return lambda: three.synthesize(ws), lambda: draw_stylegan3(plain, ws), bool(three.cpu_backend)


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Time both in turn: wall and CPU milliseconds (medians) and their ratio."""
    ours, plain, is_compiled = make(name)
    spent: dict[str, list[tuple[float, float]]] = {"ours": [], "plain": []}
    with torch.inference_mode():
        reference = plain()
        error = (ours() - reference).abs().max() / reference.abs().max()
        for _ in range(rounds):
            for what, draw in (("ours", ours), ("plain", plain)):
                wall, cpu = time.perf_counter(), time.process_time()
                draw()
                ended = (time.perf_counter() - wall, time.process_time() - cpu)
                spent[what].append((1e3 * ended[0], 1e3 * ended[1]))
    found = {
        f"{what}_{kind}_ms": round(statistics.median(pair[place] for pair in pairs), 1)
        for what, pairs in spent.items()
        for place, kind in enumerate(("wall", "cpu"))
    }
    found["ratio"] = round(found["plain_wall_ms"] / found["ours_wall_ms"], 2)
    found["ratio_cpu"] = round(found["plain_cpu_ms"] / found["ours_cpu_ms"], 2)
    return {**found, "relative_error": float(f"{error:.1e}"), "compiled": is_compiled}


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=ALL)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    kept = os.environ.get("MALLOC_MMAP_MAX_") == "0"
    table: dict[str, Any] = {
        "allocator": "kept heap" if kept else "default",
        "threads": asked.threads,
        "torch": torch.__version__,
    }
    for name in asked.names:
        table[name] = measure(name, asked.rounds)
        print(json.dumps({name: table[name]}), flush=True)
    print(json.dumps(table))


if __name__ == "__main__":
    main()
