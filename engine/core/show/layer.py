"""A layer of a show: its generator, its effects and their inputs, with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.path.model import Path
from engine.core.show.generator import ImageInput, Spec
from engine.core.show.lettering import Writing

BLENDS = ("normal", "add", "screen", "multiply")
IN_BETWEENS = ("fade", "warp", "flow", "none")
"""What is seen between two frames of a generator, in a performance; films have every frame."""
UPSCALES = ("auto", "spline", "network")
WRAP_S = 3600
"""Period of every shader's TIME, so that no shader sees an unbounded float32 time."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A layer's generator.

    Parameters
    ----------
    kind, config
        File on the shelf and its own table of the show file.
    size_px, film_px
        Side of a square with the picture's area, live and in a film; 0: the generator's own size,
        or less where the canvas shows less.
    rate_hz
        Cap on live frames per second.
    paths
        Trajectories, at most one per latent port.
    places
        (short parameter name, place).
    sights
        What its image ports see.
    in_between
        Place of what is seen between its frames, one of `IN_BETWEENS`.
    """

    kind: str
    config: Mapping[str, object]
    spec: Spec
    size_px: int
    film_px: int
    rate_hz: float
    paths: tuple[Path, ...]
    places: tuple[tuple[str, int], ...]
    image_inputs: tuple[ImageInput, ...] = ()
    in_between: int = -1


@dataclass(frozen=True, slots=True)
class Input:
    """One ISF input of an effect: uniform name, ISF type and the places of its components."""

    name: str
    type: str
    places: tuple[int, ...]
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """One shader of a layer: inputs, image bindings and the place of its mix (-1: none)."""

    id: str
    shader: str
    mix: int
    inputs: tuple[Input, ...]
    images: Mapping[str, str]
    has_history: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """A source of pixels, an effect chain, a blend mode and an opacity.

    `uses` is the ID of the layer whose generator it shows (its own ID, another's, or None).
    `aspect` is width / height, or 0 for that of the canvas.
    """

    id: str
    blend: str
    aspect: float
    opacity: int
    scale: int
    generator: Generator | None
    uses: str | None
    source: Effect | None
    effects: tuple[Effect, ...]
    writing: Writing | None = None
