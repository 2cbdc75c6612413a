"""CPU time of the CPPN per picture on one thread, as JSON: ``python bench/cppn.py``."""

import json
import statistics
import time

import numpy as np
import torch

from engine.core.show.generator import Request
from engine.generators.kinds import cppn


def measure(generator: cppn.Generator, size_px: tuple[int, int], rounds: int) -> float:
    """Return the median CPU time of one picture in ms."""
    z = np.random.RandomState(1).randn(64).astype(np.float32)
    request = Request(0.0, {"z": z}, {}, size_px, size_px[0] / size_px[1])
    generator.render(request)
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        generator.render(request)
        spent.append((time.process_time() - start) * 1e3)
    return round(statistics.median(spent), 2)


def main() -> None:
    """Measure every size that a show is likely to ask for."""
    torch.set_num_threads(1)
    generator = cppn.build(cppn.Config())
    sizes = {(64, 64): 40, (128, 128): 30, (256, 72): 30, (256, 256): 12, (512, 512): 4}
    print(json.dumps({f"{w}x{h}": measure(generator, (w, h), n) for (w, h), n in sizes.items()}))


if __name__ == "__main__":
    main()
