"""The plan: everything that is needed to draw one frame. Immutable, rebuilt each frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.colour.grade import REST, Grade
from engine.core.show.generator import Request, View
from engine.core.show.lettering import Lettering
from engine.core.show.placing import Placing

Uniform = bool | int | float | tuple[float, ...]
MASTER = "/master"
"""ID of the master's effects among the layers: one that no layer can have."""
DECKS = "/decks"
"""The same of the transition between decks."""


class Pass(NamedTuple):
    """One ISF shader with its inputs.

    Parameters
    ----------
    key
        Where its history lives: ``LAYER/PLACE`` (``form/source``, ``form/relief``), unique.
    shader
        Name of the shader in the show (`Show.shaders`).
    uniforms
        ISF input name → value. Event inputs are true for one picture step, or until a frame saw it.
    images
        ISF image input name → ``picture`` (the newest finished picture step), ``picture:N`` (the
        one N steps ago), ``layer:ID`` (the
        newest pixels of that layer's source), or ``result:ID`` (that layer with its effects). The
        chain binds ``inputImage``.
    seconds
        Value of TIME, wrapped on the CPU (period `Show.wrap_s`).
    step
        Picture step index (FRAMEINDEX of what remembers nothing), wrapped.
    mix
        0 bypasses an effect (not drawn), 1 is the whole effect, between is a crossfade.
    date
        Value of DATE: year, month, day, second of the day; None where nobody has said it.
    """

    key: str
    shader: str
    uniforms: Mapping[str, Uniform]
    images: Mapping[str, str] = {}
    seconds: float = 0.0
    step: int = 0
    mix: float = 1.0
    date: tuple[float, float, float, float] | None = None


class Readback(NamedTuple):
    """What image ports see: `view` at a picture step [shape=(H, W, 3)], uint8, sRGB, row 0 top."""

    view: View
    step: int
    pixels: NDArray[np.uint8]


class LayerPlan(NamedTuple):
    """One layer of the picture.

    Parameters
    ----------
    id
        The layer's stable ID.
    generator
        ID of the layer whose generator's pixels are the source, or None.
    source
        The shader that makes the source when there is no generator, or None.
    effects
        The chain, in order; bypassed effects are left out.
    blend
        One of `engine.core.show.layer.BLENDS`.
    opacity
        0..1; layers at 0 are left out of the plan.
    aspect
        Width / height of the area that the layer fills, centred ("contain") in the canvas; the
        rest is transparent.
    scale
        Size of that area relative to the largest one that fits.
    is_stepped
        Whether it has a history: then it is redrawn on picture steps only.
    cover_px
        If not (0, 0), it is drawn for image ports only: just large enough to cover this size.
    placing
        Where its area lies, or None where nothing moves it.
    is_display
        Whether it is blended in display-referred values instead of light.
    group
        ID of the group on whose canvas it lies; empty: on the picture's.
    is_group
        Whether its source is a canvas of its own with the layers of that group.
    rank
        On a step, lower ones are drawn before it.
    upscale
        How a generator's pictures are enlarged, see `engine.core.show.layer.UPSCALES`.
    render_scale
        Part of its width and height that its source and its effects are drawn at.
    is_sharp
        Whether it has letters: a machine that cannot draw as much leaves it as it is.
    """

    id: str
    generator: str | None
    source: Pass | None
    effects: tuple[Pass, ...]
    blend: str
    opacity: float
    aspect: float
    scale: float
    is_stepped: bool
    cover_px: tuple[int, int] = (0, 0)
    placing: Placing | None = None
    is_display: bool = False
    group: str = ""
    is_group: bool = False
    rank: int = 0
    upscale: str = "auto"
    render_scale: float = 1.0
    is_sharp: bool = False


class DeckMix(NamedTuple):
    """How two decks are mixed.

    Parameters
    ----------
    first, middle, end
        Deck A is ``Plan.layers[first:middle]``, deck B ``Plan.layers[middle:end]``.
    light, cover
        Factors on the light and on the alpha of each, in linear light, premultiplied.
    between
        The shader that draws the transition from ``startImage`` to ``endImage`` instead: the only
        effect of a layer over the whole canvas; or None.
    """

    first: int
    middle: int
    end: int
    light: tuple[float, float]
    cover: tuple[float, float]
    between: LayerPlan | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One frame.

    Parameters
    ----------
    seconds
        Show time, exact time of the frame as float.
    tick
        The tick it was sampled from.
    layers
        Bottom first, also those of groups; invisible layers are left out.
    requests
        Layer ID → what its generator is asked.
    master
        Brightness of the finished picture, linear light, 0..1 (blackout is 0).
    values
        Effective value of every parameter, in registry order [shape=(P,)].
    reads_picture
        Whether some visible layer, or an image port, reads the finished picture back.
    step
        Index of the newest picture step.
    looks
        What image ports see; drawn on every step.
    watched
        Layers that are drawn small for them.
    master_chain
        The master's effects: one layer without a source over the whole picture, or none.
    decks
        How some of the layers are mixed as two decks; None: all are simply laid on each other.
    is_held
        The picture stands still; what is behind it goes on.
    heard_s
        Show time up to which sound has been heard, for shaders that see it.
    hidden
        Layers that are not visible, and that shaders of others see.
    picture_steps
        How many finished picture steps are looked back over.
    grade
        Colour of the finished picture.
    limits_flashes
        Whether the flash limiter watches over it.
    letterings
        Name of a picture of letters → how they are set.
    """

    seconds: float
    tick: int
    layers: tuple[LayerPlan, ...]
    requests: Mapping[str, Request]
    master: float
    values: NDArray[np.float64]
    reads_picture: bool = False
    step: int = 0
    views: tuple[View, ...] = ()
    watched: tuple[LayerPlan, ...] = ()
    master_chain: tuple[LayerPlan, ...] = ()
    decks: DeckMix | None = None
    is_held: bool = False
    heard_s: float = 0.0
    hidden: tuple[LayerPlan, ...] = ()
    picture_steps: int = 1
    grade: Grade = REST
    letterings: tuple[tuple[str, Lettering], ...] = ()
    limits_flashes: bool = False

    @property
    def chains(self) -> tuple[LayerPlan, ...]:
        """What is no layer, and whose shaders see some: the transition, the master's effects."""
        if self.decks is None or self.decks.between is None:
            return self.master_chain
        return (self.decks.between, *self.master_chain)

    @property
    def keeps_picture(self) -> bool:
        """Whether every picture step is drawn whole: it is read back, or the master remembers."""
        return self.reads_picture or any(chain.is_stepped for chain in self.master_chain)
