"""What bending costs: each operation against the same network unbent, interleaved, as a table.

``python -m bench.bending [--rounds N] [--threads N]``. Networks: a StyleGAN2 of 256 pixels with
chance weights, and the Earth, by the CPU's loops. Every operation bends half the channels of one
layer at about a quarter of the picture's width; ``at rest`` has all operations with numbers that do
nothing, ``no bends`` is the same network built twice.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.core.show.generator import Request
from engine.generators.editing.bend_ops import OPS, BendTable
from engine.generators.kinds import stylegan2
from engine.models import card
from engine.models.network import Network
from engine.models.random_networks import make_stylegan2

EARTH = Path(__file__).parents[1] / "presets/networks/earth.safetensors"
AWAY = {
    "translate": 0.2, "rotate": 0.5, "scale": 1.5, "flip_h": 1.0, "flip_v": 1.0, "erode": 1.0,
    "dilate": 2.0, "threshold": 1.0, "invert": 1.0, "multiply": 2.0, "add": 1.0, "ablate": 1.0,
    "noise": 1.0, "swap": 1.0,
}  # fmt: skip


def build(path: Path, bends: tuple[BendTable, ...] = ()) -> stylegan2.Generator:
    """Build a generator on the path that a show takes."""
    generator = stylegan2.build(stylegan2.Config(str(path), bends=bends))
    generator.warm_up()
    return generator


def spend(generator: stylegan2.Generator, request: Request) -> float:
    """CPU milliseconds of a picture."""
    start_s = time.process_time()
    generator.render(request)
    return 1e3 * (time.process_time() - start_s)


def measure(name: str, path: Path, layer: str, rounds: int) -> None:
    """Print one network's rows."""
    plain, again = build(path), build(path)
    z = np.random.RandomState(1).randn(plain.model.z_dim).astype(np.float32)
    side = plain.spec.max_px
    size_px = (side, side)
    everything = tuple(BendTable(layer, op, "half") for op in OPS)
    rows: list[tuple[str, stylegan2.Generator, Request]] = [
        ("no bends", again, Request(0.0, {"z": z}, {}, size_px)),
        ("at rest", build(path, everything), Request(0.0, {"z": z}, {}, size_px)),
    ]
    for op, value in AWAY.items():
        bent = build(path, (BendTable(layer, op, "half"),))
        controls = {f"bend_{op}{knob.end}": value for knob in OPS[op][:1]}
        rows.append((op, bent, Request(0.0, {"z": z}, controls, size_px)))
    spent: dict[str, list[tuple[float, float]]] = {row[0]: [] for row in rows}
    asked = Request(0.0, {"z": z}, {}, size_px)
    for round_ in range(rounds + 1):
        for what, generator, request in rows:
            pair = (spend(plain, asked), spend(generator, request))
            if round_:
                spent[what].append(pair)
    print(f"\n{name}, {layer} ({plain.drawing.path})")
    for what, pairs in spent.items():
        base, bent_ms = (statistics.median(pair[k] for pair in pairs) for k in (0, 1))
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        print(f"{what:10} {base:7.1f} → {bent_ms:7.1f} CPU-ms  ×{ratio:.3f}")


def main() -> None:
    """Measure both networks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chance.safetensors"
        state, modules = make_stylegan2(256, base=16384)
        arrays: Any = {name: np.asarray(x, np.float32) for name, x in state.items()}
        with path.open("wb") as file:
            card.write(file, Network("stylegan2", arrays, modules, origin="chance", licence="CC0"))
        measure("StyleGAN2 256", path, "b64.conv1", asked.rounds)
    measure("Earth 128", EARTH, "b32.conv1", asked.rounds)


if __name__ == "__main__":
    main()
