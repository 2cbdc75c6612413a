"""Whether fine detail sticks to the screen while the picture under it changes, and how crisp it is.

    latent-cinema export SHOW.toml frames/ --fps 0.05 --seconds 240
    python -m bench.sticking frames/*.png [--reference real/*.png]

Frames of one show, 20 s apart or more. ``sticking``: correlation of fine detail (luminance less
itself blurred by 4 px, over its spread within 12 px, of 720 lines) over all pairs of frames, mean
and highest; 0: none. ``octaves``: power of the four finest octaves, the finest first (0.25 to 0.5
cycles a pixel), and their share of the reference's.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]
OCTAVES = (0.25, 0.125, 0.0625, 0.03125)  # cycles a pixel


def blurred(x: Array, sigma: float) -> Array:
    reach = int(3 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        edges = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        wide = np.pad(x, edges, mode="reflect")
        parts = [np.take(wide, range(i, i + x.shape[axis]), axis) for i in range(len(weights))]
        x = sum((w * part for w, part in zip(weights, parts, strict=True)), np.zeros_like(x))
    return x


def detail(x: Array) -> Array:
    fine = x - blurred(x, 4.0)
    even = fine / np.sqrt(blurred(fine * fine, 12.0) + 0.25**2)
    return np.asarray((even - even.mean()) / even.std(), np.float32)


def sticking(frames: list[Array]) -> tuple[float, float]:
    fine = [detail(frame) for frame in frames]
    found = [float((a * b).mean()) for a, b in itertools.combinations(fine, 2)]
    return round(float(np.mean(found)), 3), round(max(found), 3)


def octaves(frames: list[Array]) -> NDArray[np.float64]:
    found = []
    for frame in frames:
        side = min(frame.shape)
        window = np.hanning(side)
        x = (frame[:side, :side] - frame[:side, :side].mean()) * window * window[:, None]
        power = np.abs(np.fft.fft2(x)) ** 2 / x.size**2
        along = np.abs(np.fft.fftfreq(side))
        radius = np.maximum(along, along[:, None])
        found.append([power[(radius > low) & (radius <= 2 * low)].sum() for low in OCTAVES])
    return np.asarray(np.mean(found, 0))


def load(path: Path) -> Array:
    return np.asarray(Image.open(path).convert("L"), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path, nargs="+")
    parser.add_argument("--reference", type=Path, nargs="+", default=[])
    asked = parser.parse_args()
    frames = [load(path) for path in asked.frames]
    power = octaves(frames)
    found = {"frames": len(frames), "sticking": sticking(frames), "octaves": power.tolist()}
    if asked.reference:
        of_real = octaves([load(path) for path in asked.reference])
        found["of_reference"] = (power / of_real).round(3).tolist()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
