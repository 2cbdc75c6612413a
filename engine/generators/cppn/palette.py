"""Limited palettes in OKLab, as tables from (place on the ring, light) to display-referred sRGB.

Reference: B. Ottosson, "A perceptual color space for image processing" (2020), the OKLab matrices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import torch

Array = NDArray[np.float64]

_LMS_FROM_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB_FROM_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@dataclass(frozen=True, slots=True)
class Palette:
    """A few hues on a ring, between true black and one tint of light.

    Parameters
    ----------
    shade
        Hue in degrees and chroma of the shadows.
    ring
        (lightness 0..1, chroma, hue in degrees) of each stop of the closed ring.
    glow
        (lightness, chroma, hue in degrees) of the brightest light.
    """

    name: str
    shade: tuple[float, float]
    ring: tuple[tuple[float, float, float], ...]
    glow: tuple[float, float, float]


PALETTES = (
    Palette(
        "ember",
        (20.0, 0.1),
        ((0.62, 0.21, 32), (0.74, 0.17, 62), (0.5, 0.17, 18), (0.4, 0.09, 330)),
        (0.95, 0.06, 88),
    ),
    Palette(
        "lagoon",
        (250.0, 0.09),
        ((0.62, 0.12, 215), (0.76, 0.12, 185), (0.48, 0.14, 255), (0.74, 0.12, 55)),
        (0.96, 0.03, 170),
    ),
    Palette(
        "bone",
        (60.0, 0.03),
        ((0.78, 0.04, 80), (0.62, 0.05, 60), (0.7, 0.02, 220), (0.52, 0.11, 35)),
        (0.97, 0.02, 95),
    ),
    Palette(
        "aurora",
        (285.0, 0.1),
        ((0.72, 0.17, 155), (0.58, 0.14, 200), (0.46, 0.18, 290), (0.64, 0.19, 340)),
        (0.96, 0.06, 140),
    ),
    Palette(
        "ink",
        (265.0, 0.1),
        ((0.52, 0.15, 262), (0.68, 0.09, 245), (0.42, 0.13, 280), (0.62, 0.2, 30)),
        (0.96, 0.02, 230),
    ),
    Palette(
        "rose",
        (350.0, 0.09),
        ((0.66, 0.18, 5), (0.78, 0.1, 30), (0.5, 0.15, 340), (0.46, 0.08, 200)),
        (0.96, 0.03, 40),
    ),
    Palette(
        "moss",
        (150.0, 0.06),
        ((0.6, 0.12, 130), (0.74, 0.13, 105), (0.46, 0.08, 170), (0.66, 0.15, 60)),
        (0.96, 0.05, 105),
    ),
    # Grey: for a relief map that a shader reads.
    Palette("slate", (0.0, 0.0), ((0.72, 0.0, 0.0),), (1.0, 0.0, 0.0)),
)

NAMES = tuple(palette.name for palette in PALETTES)


def linear_from_oklab(lab: Array) -> Array:
    """Convert OKLab [shape=(..., 3)] to linear sRGB; outside the gamut values leave 0..1."""
    return np.asarray((lab @ _LMS_FROM_LAB.T) ** 3 @ _RGB_FROM_LMS.T)


def encode(linear: Array) -> Array:
    """Apply the sRGB transfer function (IEC 61966-2-1) to linear light in 0..1."""
    light = np.clip(linear, 0.0, 1.0)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def fit(lab: Array, rounds: int = 14) -> Array:
    """Reduce chroma, at constant lightness and hue, until the colour is inside the sRGB gamut."""
    low, high = np.zeros(lab.shape[:-1]), np.ones(lab.shape[:-1])
    for _ in range(rounds):
        half = (low + high) / 2
        linear = linear_from_oklab(lab * np.stack([np.ones_like(half), half, half], -1))
        is_inside = ((linear >= -1e-4) & (linear <= 1.0 + 1e-4)).all(-1)
        low, high = np.where(is_inside, half, low), np.where(is_inside, high, half)
    return lab * np.stack([np.ones_like(low), low, low], -1)


def _lab(stop: tuple[float, float, float]) -> Array:
    lightness, chroma, hue = stop
    turn = np.deg2rad(hue)
    return np.array([lightness, chroma * np.cos(turn), chroma * np.sin(turn)])


def _ring(palette: Palette, width: int) -> Array:
    """Sample the closed ring of stops smoothly [shape=(width, 3)]; the last repeats the first."""
    stops = np.stack([_lab(stop) for stop in palette.ring])
    place = np.linspace(0.0, 1.0, width) * len(stops)
    below = np.floor(place).astype(int)
    part = place - below
    part = (part * part * (3.0 - 2.0 * part))[:, None]
    here, following = stops[below % len(stops)], stops[(below + 1) % len(stops)]
    return np.asarray(here * (1 - part) + following * part)


def tabulate(palette: Palette, width: int = 192, height: int = 96) -> Array:
    """Tabulate a palette in OKLab, inside the gamut [shape=(height, width, 3)].

    Row 0 is true black, the last row the palette's glow; column is the place on the ring.
    """
    light = np.linspace(0.0, 1.0, height)[:, None, None]  # (height, 1, 1)
    ring = _ring(palette, width)[None]  # (1, width, 3)
    hue, chroma = palette.shade
    shade = _lab((0.5, chroma, hue))
    body = np.clip(light / 0.72, 0.0, 1.0)
    toward = body * body * (3.0 - 2.0 * body)
    lab = shade * (1 - toward) + ring * toward
    lab[..., :1] = ring[..., :1] * body**1.05
    lab[..., 1:] *= np.minimum(1.0, body / 0.35) ** 1.2
    over = np.clip((light - 0.66) / 0.34, 0.0, 1.0)
    over = over * over * (3.0 - 2.0 * over)
    lab = lab * (1 - over) + _lab(palette.glow) * over
    return fit(lab)


def cached_table(controls: Mapping[str, float], device: str) -> torch.Tensor:
    """Palette table of a request; fades are rounded to 1/1024, far below what an eye can see."""
    first, second = int(controls["palette"]), int(controls["palette_b"])
    part = round(controls["palette_mix"] * 1024)
    return _mixed(first, second if part else first, part, device)


def palette_pixels(controls: Mapping[str, float]) -> NDArray[np.float32]:
    """The same table where there is no torch, opaque [shape=(V, U, 4)]; equal ones are one."""
    first, second = int(controls["palette"]), int(controls["palette_b"])
    part = round(controls["palette_mix"] * 1024)
    return _opaque(first, second if part else first, part)


@lru_cache(maxsize=64)
def _opaque(first: int, second: int, part: int) -> NDArray[np.float32]:
    pixels = _pixels(first, second, part)
    return np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1).astype(np.float32)


def _pixels(first: int, second: int, part: int) -> Array:
    mixed = _oklab(first) * (1 - part / 1024) + _oklab(second) * (part / 1024)
    return encode(linear_from_oklab(mixed))


@lru_cache(maxsize=64)
def _mixed(first: int, second: int, part: int, device: str) -> torch.Tensor:
    pixels = _pixels(first, second, part)
    with torch.inference_mode(False):
        table = torch.tensor(pixels, dtype=torch.float32, device=device)  # (V, U, 3)
        return table.permute(2, 0, 1)[None].contiguous()


@lru_cache(maxsize=len(PALETTES))
def _oklab(place: int) -> Array:
    return tabulate(PALETTES[place])
