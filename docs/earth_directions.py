"""Name eight directions of *Earth* by the fields that its pictures hold; see docs/earth.md.

``python docs/earth_directions.py presets/networks/earth.safetensors [--sheet OUT.png]`` measures
what the network draws, height, wetness and ice instead of colours, and fits a direction to each, as
``latent-cinema directions --find measured`` does; what `KEPT` names stays as it is.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
import earth

from engine.lab.directions import by_measured
from engine.lab.directions.discovery import Options
from engine.lab.directions.library import Library, draw_sheet

SAMPLES = 6000
COAST = 0.1
DECODE = np.linalg.inv(earth.CODE)
KEPT = {
    "sea": ("ice",),
    "ice": ("sea",),
    "wet": ("sea", "ice"),
    "high": ("sea", "ice"),
    "rugged": ("sea", "ice", "high"),
    "deep": ("sea", "ice"),
    "land_west": ("sea",),
    "land_north": ("sea",),
}


def decoded(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return height (-1 to 1), wetness and ice [shape=(N, H, W)] of pictures (N, 3, H, W)."""
    fields = np.moveaxis(np.moveaxis(x, 1, -1) @ DECODE - earth.GROUND @ DECODE, -1, 0)
    return fields[0] * 2 - 1, fields[1], fields[2]


def land_of(high: np.ndarray) -> np.ndarray:
    """How much of each place is land: 0 to 1, soft at the coast."""
    return 1 / (1 + np.exp(-high / 0.05))


def mean_on(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean where there is weight [shape=(N,)]; without any, what weighs little counts."""
    weight = weight + 1e-3
    return (x * weight).sum((1, 2)) / weight.sum((1, 2))


def half(high: np.ndarray, axis: int) -> np.ndarray:
    """How much more land lies in the first half than in the last [shape=(N,)]."""
    land = np.moveaxis(land_of(high), axis, 1)
    middle = land.shape[1] // 2
    return land[:, :middle].mean((1, 2)) - land[:, -middle:].mean((1, 2))


def slope(high: np.ndarray) -> np.ndarray:
    """How steep land is [shape=(N,)]."""
    up = np.maximum(high - COAST, 0)
    across, along = np.diff(up, axis=2)[:, :-1], np.diff(up, axis=1)[:, :, :-1]
    return mean_on(np.hypot(across, along), land_of(high)[:, :-1, :-1])


def scores(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is measured [shape=(N,) each] of pictures (N, 3, H, W)."""
    high, wet, ice = decoded(x)
    land = land_of(high)
    return {
        "sea": 1 - land.mean((1, 2)),
        "ice": (1 / (1 + np.exp(-(ice - 0.4) / 0.1))).mean((1, 2)),
        "wet": mean_on(wet, land),
        "high": mean_on(high, land),
        "rugged": slope(high),
        "deep": -mean_on(high, 1 - land),
        "land_west": half(high, 2),
        "land_north": half(high, 1),
    }


def main() -> None:
    """Find, keep and draw them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    by_measured.SCORES = {
        name: lambda x, name=name: scores(x)[name].astype(np.float32) for name in KEPT
    }
    library = Library(asked.network, None)
    wanted = tuple(f"{name}/{'+'.join(kept)}" for name, kept in KEPT.items())
    options = Options(count=len(KEPT), samples=SAMPLES, scores=wanted)
    found = by_measured.find(library.studied, options)
    found = [replace(one, name=name) for one, name in zip(found, KEPT, strict=True)]
    for one in found:
        print(f"{one.name:12} {one.source}")
    library.remove([one.name for one in library.known])
    library.keep(found)
    if asked.sheet:
        draw_sheet(library.studied, found, asked.sheet, 0)


if __name__ == "__main__":
    main()
