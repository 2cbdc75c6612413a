"""How faithfully an edit is followed: cuts, speeds, dissolves and healed cuts, by numbers.

    python -m bench.conform

On a walk of 512 components at 0.5 knots/s, filmed at 25 fps. Targets: a cut-only edit exact, a
fractional speed within 1e-6 R of the geodesic through the filmed frames, dissolves on the shell,
a healed cut without the jump of velocity that it had. The distance from the walk itself, which the
film has only every 40 ms, is told beside.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from engine.core.latent.geometry import shell_radius, shell_score
from engine.core.latent.manifold import SHELL
from engine.core.motions.walk import walk
from engine.core.track.conform import Shot, TrackFrames, conform

SIZE, FPS, FRAMES, SPEED = 512, 25, 500, 0.5
RADIUS = shell_radius(SIZE)


def at(frame: float) -> np.ndarray:
    return walk(1, "bench", SPEED * frame / FPS, SIZE)


def filmed() -> TrackFrames:
    """Frames of latents alone."""
    cuts = np.zeros(FRAMES, bool)
    none = np.zeros((FRAMES, 0))
    rows = np.stack([at(n) for n in range(FRAMES)]).astype(np.float32)
    seconds = np.arange(FRAMES) / FPS
    return TrackFrames(none, none[0] > 0, none[0], seconds, cuts, {"z": rows}, {"z": SHELL})


def clip(first: int, count: int, speed: Fraction = Fraction(1), place: str = "") -> list[Shot]:
    return [Shot(first + k * speed, place=place or str(first), speed=speed) for k in range(count)]


def turned(a: np.ndarray, b: np.ndarray) -> float:
    """Length of the great circle between two latents, over R."""
    p, q = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(2.0 * np.arctan2(np.linalg.norm(p - q), np.linalg.norm(p + q)))


def geodesic(rows: np.ndarray, frame: float) -> np.ndarray:
    """Shoemake's formula between two filmed frames, directions only."""
    n = int(frame)
    p, q = (row / np.linalg.norm(row) for row in rows[n : n + 2].astype(float))
    angle, t = np.arccos(p @ q), frame - n
    found: np.ndarray = (np.sin((1 - t) * angle) * p + np.sin(t * angle) * q) / np.sin(angle)
    return found


def main() -> None:
    frames = filmed()
    rows = frames.latents["z"]
    cut = [*clip(400, 60), *clip(20, 60), *clip(300, 60, Fraction(-1))]
    found = conform(frames, cut).latents["z"]
    same = np.array_equal(found, rows[[int(shot.first or 0) for shot in cut]])
    print(f"cut, reorder, reverse: {'exact' if same else 'NOT EXACT'}, {len(cut)} frames")
    for speed in (Fraction(1, 2), Fraction(37, 100), Fraction(9, 4), Fraction(-2, 3)):
        shots = clip(200, 120, speed)
        z = conform(frames, shots).latents["z"].astype(float)
        places = [float(shot.first or 0) for shot in shots]
        far = max(turned(a, geodesic(rows, place)) for a, place in zip(z, places, strict=True))
        own = max(turned(a, at(place)) for a, place in zip(z, places, strict=True))
        print(
            f"speed {float(speed):5.2f}: {far:.1e} R from the geodesic, {own:.1e} R from the motion"
        )
    fade = [
        Shot(Fraction(100 + k), Fraction(300 + k), Fraction(2 * k + 1, 50), "b") for k in range(25)
    ]
    scores = [shell_score(row.astype(float)) for row in conform(frames, fade).latents["z"]]
    halves = [shell_score(0.5 * (rows[100 + k] + rows[300 + k]).astype(float)) for k in range(25)]
    print(f"dissolve: zeta {min(scores):.2f} to {max(scores):.2f}; of numbers {min(halves):.1f}")
    pair = [*clip(50, 50), *clip(350, 50)]
    for most in (0, 8, 24):
        z = conform(frames, pair, heal=most).latents["z"].astype(float)
        steps = np.diff(z, axis=0)
        jump = max(float(np.linalg.norm(b - a)) for a, b in pairwise(steps))
        print(f"heal {most:2d}: velocity jumps by {jump / np.linalg.norm(steps[5]):6.2f} steps")
    gap = [*clip(50, 50), *[Shot(None)] * 25, *clip(350, 50)]
    for is_bridged in (False, True):
        z = conform(replace(frames), gap, is_bridged=is_bridged).latents["z"].astype(float)
        step = max(float(np.linalg.norm(b - a)) for a, b in pairwise(z))
        told = "bridged" if is_bridged else "held"
        print(f"gap of 25, {told:7}: largest step {step / np.linalg.norm(z[5] - z[4]):6.2f} steps")


if __name__ == "__main__":
    main()
