"""Memory of a worker that plays a model, against the estimate. Prints a line of JSON per model.

Each model is built and drawn in a process of its own as live does it: the plain path draws while
the loops prepare themselves beside it, then they draw. `peak_mb` is the largest resident memory of
that process (Linux: VmHWM), `ratio` the estimate over it; `model_size`'s factors are right while
every ratio lies between 1 and 1.6.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from engine.models import card
from engine.models.network import Network
from engine.models.random_networks import make_stylegan2, make_stylegan3

MODELS: dict[str, tuple[str, int, dict[str, int], dict[str, Any]]] = {
    "sg2-256": ("stylegan2", 256, {"base": 16384}, {}),
    "sg2-512": ("stylegan2", 512, {}, {}),
    "sg2-1024": ("stylegan2", 1024, {}, {}),
    "sg3-t-256": ("stylegan3", 256, {}, {}),
    "sg2-64": ("stylegan2", 64, {"base": 2048, "most": 64}, {}),
    "sg2-256-wall": ("stylegan2", 256, {"base": 16384}, {"wide": 4.0, "points": 4}),
}
PICTURES = 3


def play(kind: str, path: str, canvas: dict[str, Any], answer: Any) -> None:
    """Build and draw in this process; answer with its largest resident memory, in megabytes."""
    import importlib
    import time
    from threading import Thread

    import torch

    from engine.core.show.generator import Request, asked_size

    torch.set_num_threads(1)
    module = importlib.import_module(f"engine.generators.kinds.{kind}")
    config = module.Config(path, **canvas)
    generator = module.build(config, "cpu")
    spec = generator.spec
    z = np.random.default_rng(1).standard_normal(spec.ports[0].shape).astype(np.float32)
    size_px = asked_size(spec, spec.max_px, spec.aspect)
    request = Request(0.0, {"z": z}, {}, size_px, spec.aspect)
    faster = Thread(target=generator.warm_up, args=(time.perf_counter,))
    faster.start()
    generator.render(request)
    faster.join()
    for _ in range(PICTURES):
        generator.render(request)
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    answer.send((peak / 1024, module.memory_bytes(config, "cpu") / 2**20))


def main() -> None:
    """Measure the named models, or all of them."""
    context = multiprocessing.get_context("spawn")
    for name in sys.argv[1:] or MODELS:
        kind, side, options, canvas = MODELS[name]
        make: Any = make_stylegan2 if kind == "stylegan2" else make_stylegan3
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            state, modules = make(side, **options)
            arrays = {key: np.asarray(value, np.float32) for key, value in state.items()}
            with path.open("wb") as file:
                card.write(file, Network(kind, arrays, modules, origin="random"))
            ours, theirs = context.Pipe()
            child = context.Process(target=play, args=(kind, str(path), canvas, theirs))
            child.start()
            theirs.close()
            peak, estimate = ours.recv()
            child.join()
        figures = {"peak_mb": round(peak), "estimate_mb": round(estimate)}
        print(
            json.dumps({"model": name, **figures, "ratio": round(estimate / peak, 2)}), flush=True
        )


if __name__ == "__main__":
    main()
