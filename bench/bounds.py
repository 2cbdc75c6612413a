"""Look for a loop that leaves its array: every loop of the StyleGANs, checked, at odd sizes.

    python -m bench.bounds [--cases 40]

Compiles the loops once more, each read and write compared with the ends of its array, into a cache
of its own (a minute or more), and draws small networks of several forms on canvases of odd widths
and heights. A loop that leaves its array raises IndexError; the last line counts the pictures.
The tests run like that, too: ``NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=EMPTY pytest tests/generators``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FORMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stylegan2", {"base": 512, "most": 32, "dims": (32, 0, 32)}),
    ("stylegan2", {"base": 200, "most": 19, "dims": (16, 0, 24), "noise": False}),
    ("stylegan3", {"base": 256, "most": 16, "dims": (24, 0, 32), "layers": 5}),
    ("stylegan3", {"base": 300, "most": 21, "dims": (24, 0, 32), "layers": 5, "kernel": 1,
                   "radial": True}),
)  # fmt: skip


def draw(folder: Path, cases: int) -> int:
    """Draw; return how many pictures."""
    import numpy as np

    from bench import stylegan_nets
    from engine.core.show.generator import Request
    from engine.generators.registry import build, open_spec
    from engine.models import card
    from engine.models.network import Network

    rng, count = np.random.default_rng(1), 0
    for number, (kind, form) in enumerate(FORMS):
        state, modules = getattr(stylegan_nets, f"make_{kind}")(32, **form)
        path = folder / f"{number}.safetensors"
        arrays = {name: np.asarray(value, np.float32) for name, value in state.items()}
        with path.open("wb") as file:
            card.write(file, Network(kind, arrays, modules, origin="a bench", licence="CC0-1.0"))
        for case in range(cases):
            wide, high = (1.0, 1.0) if not case else (1.0 + 2.0 * rng.random(2)).tolist()
            points, rows = (1, 1) if case % 2 else (int(1 + wide), int(1 + high))
            table = {"path": str(path), "wide": wide, "high": high, "points": points, "rows": rows}
            generator = build(open_spec(kind, table), "cpu")
            spec = generator.spec
            assert generator.model.cpu_backend is not None, "the loops do not serve this network"
            latents = {
                port.name: rng.standard_normal(port.shape, np.float32) for port in spec.ports
            }
            size_px = tuple(int(x) for x in rng.integers(spec.min_px, 97, 2))
            generator.render(Request(0.0, latents, {}, size_px), None)
            count += 1
    return count


def main() -> int:
    """Start anew with checked loops, and draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=40)
    given = parser.parse_args()
    if os.environ.get("NUMBA_BOUNDSCHECK") != "1":
        with tempfile.TemporaryDirectory() as cache:
            own = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": cache}
            command = [sys.executable, "-m", "bench.bounds", *sys.argv[1:]]
            return subprocess.run(command, env={**os.environ, **own}, check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        print(f"{draw(Path(folder), given.cases)} pictures, no loop left its array")
    return 0


if __name__ == "__main__":
    sys.exit(main())
