"""How near inversion comes, and how normal the coordinates of a trained model's styles are.

``python -m bench.inversion [MODEL] [PICTURES]`` prints, for own pictures of a model whose latents
are forgotten, the PSNR of the average picture, of the start, and after 40 and 200 steps; and the
Mahalanobis distance (1: typical) of styles in whitened P, mapped or between two others.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from engine.core.rng import draw
from engine.generators.kinds import stylegan2
from engine.generators.stylegan import w_space
from engine.generators.tasks.inversion import psnr_db, target_of
from engine.generators.tasks.invert import invert
from engine.models.card import peek

EARTH = Path("presets/networks/earth.safetensors")


def spaces(model: Path) -> None:
    """Print how far from typical styles lie that come about in several ways."""
    chart = w_space.chart_of(model)
    w = w_space.map_samples(peek(model), 24_000)[0][-4000:].astype(np.float64)
    n, half = chart.encode(w), len(w) // 2
    a, b = n[:half], n[half:]
    ways = {
        "mapped": w,
        "between two, in coordinates": chart.decode((a + b) / np.sqrt(2.0)),
        "between two, straight in w": (w[:half] + w[half:]) / 2,
        "truncated to 0.7": w.mean(0) + 0.7 * (w - w.mean(0)),
    }
    for name, styles in ways.items():
        far = np.linalg.norm(chart.encode(styles), axis=1) / np.sqrt(w.shape[1])
        print(f"{name:30} {far.mean():6.3f} ± {far.std():.3f}")


def inversions(model: Path, count: int) -> None:
    """Print how near inversion comes to own pictures, in each space."""
    print("space  average  start  40 steps  200 steps (dB)  CPU s a step")
    source = target_of(stylegan2.build(stylegan2.Config(str(model), space="w")))
    for space in ("w", "w+", "z"):
        target = target_of(stylegan2.build(stylegan2.Config(str(model), space=space)))
        flat = target_of(target.generator, "", {"truncation": 0.0})
        rows = []
        for k in range(count):
            latent = draw(0, "bench/inversion", k, source.port.shape[-1]).astype(np.float32)
            with torch.no_grad():
                wanted = source.draw(torch.from_numpy(latent))
                average = psnr_db(flat.draw(torch.ones(target.port.shape)), wanted)
            found = []
            for steps in (40, 200):
                began = time.process_time()
                told = [s for s in invert(target, wanted, steps, str(model)) if s is not None]
                each_s = (time.process_time() - began) / len(told)
                found += [told[0].psnr_db, told[-1].psnr_db]
            rows.append([average, found[0], found[1], found[3], each_s])
        average, start, short, long, each_s = np.mean(rows, 0)
        print(f"{space:5} {average:8.1f} {start:6.1f} {short:9.1f} {long:10.1f} {each_s:19.3f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else EARTH
    spaces(path)
    inversions(path, int(sys.argv[2]) if len(sys.argv) > 2 else 8)
