"""Directions along which styles spread most: E. Härkönen et al., "GANSpace" (2020)."""

from __future__ import annotations

from engine.generators.direction import Direction
from engine.generators.finding import Wish, directions_of, spread_of
from engine.generators.subject import Subject

SAMPLES = 50_000
"""Of a random 512-d mapping the first five axes turn by less than 5 degrees from then on."""


def find(subject: Subject, wish: Wish) -> list[Direction]:
    """Return the principal axes of styles, widest first."""
    spread = spread_of(subject, wish, SAMPLES)
    axes = spread.axes[: min(wish.count, spread.rank())]
    told = f"{wish.samples or SAMPLES} samples"
    return directions_of(axes, spread, wish, subject, "ganspace", told)
