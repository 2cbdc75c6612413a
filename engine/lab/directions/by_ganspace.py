"""Directions along which styles spread most: E. Härkönen et al., "GANSpace" (2020)."""

from __future__ import annotations

from engine.lab.directions.discovery import Options, directions_of, spread_of
from engine.lab.directions.studied_model import Subject
from engine.models.sidecars.directions import Direction

SAMPLES = 50_000
"""Of a random 512-d mapping the first five axes turn by less than 5 degrees from then on."""


def find(subject: Subject, options: Options) -> list[Direction]:
    """Return the principal axes of styles, widest first."""
    spread = spread_of(subject, options, SAMPLES)
    axes = spread.axes[: min(options.count, spread.rank())]
    told = f"{options.samples or SAMPLES} samples"
    return directions_of(axes, spread, options, subject, "ganspace", told)
