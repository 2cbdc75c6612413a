"""Directions along which styles spread most: E. Härkönen et al., "GANSpace" (2020)."""

from __future__ import annotations

from engine.lab.directions.discovery import Options, directions_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction

SAMPLES = 50_000
"""Of a random 512-d mapping the first five axes turn by less than 5 degrees from then on."""


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return the principal axes of styles, widest first."""
    moments = moments_of(studied, options, SAMPLES)
    axes = moments.axes[: min(options.count, moments.rank())]
    origin = f"{options.samples or SAMPLES} samples"
    return directions_of(axes, moments, options, studied, "ganspace", origin)
