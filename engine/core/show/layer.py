"""A layer of a show: its generator, its effects and their inputs, with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.path.model import Path
from engine.core.show.generator import ImageInput, Spec
from engine.core.show.lettering import Writing

BLENDS = (
    "normal", "add", "screen", "multiply", "subtract", "overlay", "soft_light", "hard_light",
    "dodge", "burn", "difference", "exclusion", "lighten", "darken", "linear_light", "vivid_light",
    "pin_light", "divide", "hue", "saturation", "colour", "luminosity", "alpha_mask", "luma_mask",
    "displace",
)  # fmt: skip
"""Ways in which a layer is laid on what is below; takes know them by their order."""
SPACES = ("linear", "display")
"""In which they reckon: light, or values as a display is sent them."""
IN_BETWEENS = ("fade", "warp", "flow", "none")
"""What is seen between two frames of a generator, in a performance; films have every frame."""
UPSCALES = ("auto", "spline", "network")
WRAP_S = 3600
"""Period of every shader's TIME, so that no shader sees an unbounded float32 time."""


class Reel(NamedTuple):
    """What moves the playhead of a film: places of its parameters, see `core.frame.reels`.

    Parameters
    ----------
    layer, duration_s
        Its layer's ID · how long the film lasts.
    position
        0 to 1, of the part between `begin` and `end`, which are 0 to 1 of the film.
    speed, pause, loop
        Factor · holds it · whether the end leads back to the beginning.
    beats
        In so many beats it goes through the part once; 0: at its own pace.
    restart
        Trigger: it begins anew.
    """

    layer: str
    duration_s: float
    position: int
    speed: int
    pause: int
    begin: int
    end: int
    beats: int
    loop: int
    restart: int


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
    in_between
        Place of what is seen between its frames, one of `IN_BETWEENS`.
    follows
        ID of the layer with whose latents and parameters it is asked, beside its own parameters.
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
    reel: Reel | None = None
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One ISF input of an effect: uniform name, ISF type and the places of its components.

    `round_s`: of a rate, the seconds in which 1 of it goes round, see `engine.core.isf.turns`.
    """

    name: str
    type: str
    places: tuple[int, ...]
    values: tuple[int, ...] = ()
    round_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """One shader of a layer: inputs, image bindings, places of its mix and bypass (-1: none).

    `rests`: it changes nothing while these places have these values; empty: that is not known.
    """

    id: str
    shader: str
    mix: int
    inputs: tuple[Input, ...]
    images: Mapping[str, str]
    has_history: bool
    bypass: int = -1
    rests: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A source of pixels, an effect chain, and how the result is laid on what is below.

    Parameters
    ----------
    aspect
        Width / height, or 0 for that of the canvas.
    uses
        ID of the layer whose generator it shows (its own ID, another's, or None).
    blend, space, opacity, scale, solo, mute
        Places of its parameters.
    placing
        Place of the first one of `engine.core.show.placing`.
    group
        ID of the group on whose canvas it lies; empty: on the picture's.
    is_group
        Whether other layers lie on a canvas of its own, which is its source.
    rank
        0, or more than that of every layer that has to be drawn before it.
    reads
        IDs of the layers that its shaders see, and of those that lie in it.
    upscale
        How a generator's pictures are enlarged, one of `UPSCALES`.
    render_scale
        Part of its width and height that its source and its effects are drawn at.
    """

    id: str
    aspect: float
    blend: int
    space: int
    opacity: int
    scale: int
    solo: int
    mute: int
    placing: int
    generator: Generator | None
    uses: str | None
    source: Effect | None
    effects: tuple[Effect, ...]
    group: str = ""
    is_group: bool = False
    rank: int = 0
    reads: tuple[str, ...] = ()
    writing: Writing | None = None
    upscale: str = "auto"
    render_scale: float = 1.0
