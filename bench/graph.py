"""Frames of a network on a GPU, launched one by one and as a captured graph, as JSON.

``python -m bench.graph [--device cuda] [--rounds N] [NAME…]``; names as in ``bench.stylegan``.
Milliseconds from the request to the picture on the device, medians, both paths in turn. Needs an
NVIDIA GPU: there was none where this was written.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.stylegan_nets import make_stylegan2, make_stylegan3
from engine.core.show.generator import Request
from engine.generators.kinds import stylegan2, stylegan3
from engine.models import card
from engine.models.network import Network


def make(name: str, folder: Path, device: str) -> Any:
    """Build a generator of random weights, its last four resolutions in float16."""
    kind, _, side = name.partition("-")
    resolution = int(side)
    base = 16384 if resolution < 512 else 32768
    family: Any = stylegan2 if kind == "sg2" else stylegan3
    if kind == "sg2":
        state, modules = make_stylegan2(resolution, base=base)
        for module, attributes in modules.items():
            if module.startswith("synthesis.b") and "resolution" in attributes:
                attributes["use_fp16"] = attributes["resolution"] > resolution // 16
    else:
        radial: dict[str, Any] = {"kernel": 1, "radial": True, "base": 2 * base, "most": 1024}
        state, modules = make_stylegan3(
            resolution, **(radial if kind == "sg3r" else {"base": base})
        )
    arrays = {key: np.asarray(value, np.float32) for key, value in state.items()}
    path = folder / f"{name}.safetensors"
    with path.open("wb") as file:
        card.write(file, Network(family.__name__.rpartition(".")[2], arrays, modules, "a bench"))
    return family.build(family.Config(str(path)), device)


def measure(name: str, rounds: int, device: str) -> dict[str, float]:
    """Time both paths in turn, and how far their pictures lie apart."""
    with tempfile.TemporaryDirectory() as folder:
        plain, graphed = (make(name, Path(folder), device) for _ in range(2))
    graphed.warm_up(None)
    side = plain.spec.max_px
    spent: dict[str, list[float]] = {"plain_ms": [], "graph_ms": []}
    random = np.random.RandomState(1)
    apart = 0.0
    for turn in range(rounds + 3):
        z = random.randn(512).astype(np.float32)
        request = Request(0.0, {"z": z}, {"truncation": 0.7}, (side, side))
        pictures = []
        for what, generator in zip(spent, (plain, graphed), strict=True):
            torch.cuda.synchronize()
            start_s = time.perf_counter()
            pictures.append(generator.render(request)[0])
            torch.cuda.synchronize()
            if turn >= 3:  # the first choose kernels
                spent[what].append(1e3 * (time.perf_counter() - start_s))
        apart = max(apart, float((pictures[0] - pictures[1]).abs().max()))
    found = {what: round(statistics.median(times), 3) for what, times in spent.items()}
    return {**found, "ratio": round(found["plain_ms"] / found["graph_ms"], 2), "apart": apart}


def main() -> int:
    """Measure what the command line names; 69 where there is no GPU."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=["sg2-256", "sg2-1024", "sg3t-256", "sg3r-256"])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("bench.graph: torch finds no CUDA device here", file=sys.stderr)
        return 69
    table: dict[str, Any] = {"device": torch.cuda.get_device_name(asked.device)}
    for name in asked.names:
        table[name] = measure(name, asked.rounds, asked.device)
        print(json.dumps({name: table[name]}), flush=True)
    print(json.dumps(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
