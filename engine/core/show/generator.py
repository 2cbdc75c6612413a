"""A generator's spec, and the requests to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.coordinates import Chart
from engine.core.parameter import Parameter

GEOMETRIES = (
    "gaussian",
    "sphere",
    "wspace",
    "simplex",
    "tokens",
    "affine2d",
    "image",
    "noise-field",
)


@dataclass(frozen=True, slots=True)
class Port:
    """One input of a generator.

    Parameters
    ----------
    name
        ``z``, ``z_b``, ``image``, …
    geometry
        One of `GEOMETRIES`: how the engine interpolates and steers it.
    shape
        Shape of one item, without the batch axis.
    chart
        Coordinates in which trajectories move, of a ``wspace``; None: those of the port itself.
    groups
        Of each row, if it has rows: the group of layers (``coarse`` …) that it is for. Rows of a
        group can be frozen.
    """

    name: str
    geometry: str
    shape: tuple[int, ...]
    chart: Chart | None = None
    groups: tuple[str, ...] = ()


class View(NamedTuple):
    """One small picture for image ports: of what, and width and height.

    `of` is ``picture`` (the finished composite) or ``layer:ID`` (that layer with its effects,
    before its opacity).
    """

    of: str
    size_px: tuple[int, int]


class ImageInput(NamedTuple):
    """What an image port sees: `view` as it was `delay` picture steps ago, at least 1.

    Of a generator that draws every size it has the port's number of pixels and the aspect of the
    area that the generator fills; of another one, the port's own size.
    """

    port: str
    view: View
    delay: int = 1


@dataclass(frozen=True, slots=True)
class Spec:
    """A generator as data: readable without torch and without running the generator.

    Parameters
    ----------
    layers
        Style layers, coarse to fine: targets of truncation and style mixing.
    parameters
        Controls, with short addresses (``truncation``); the show prefixes them.
    min_px, max_px
        Allowed length of a picture's side.
    any_size
        Whether every size in that range can be asked for, of every aspect; otherwise the picture
        has an `aspect` of its own, and `max_px` is the side of a square with its area.
    aspect
        Width / height of a picture that has its own.
    channels
        3 (opaque) or 4 (straight alpha).
    stateful, differentiable
        Keeps a memory between frames · has gradients.
    classes
        Names of class labels, if conditional.
    bendable
        Layers whose activations can be bent.
    licence, provenance
        Of the weights; "none" where there are none.
    live_only
        It shows what happens now: no film can have it.
    runs
        Where it works live: ``heavy`` is a worker with torch, ``light`` one without, ``still`` a
        thread that draws once, for what never changes.
    duration_s
        Of a film, which has the parameters `engine.core.show.layer.Reel` names; 0: it is none.

    Raises
    ------
    ValueError
        If a port and a parameter share a name.
    """

    name: str
    ports: tuple[Port, ...]
    layers: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    min_px: int = 64
    max_px: int = 512
    any_size: bool = True
    aspect: float = 1.0
    channels: int = 3
    stateful: bool = False
    differentiable: bool = True
    classes: tuple[str, ...] = ()
    bendable: tuple[str, ...] = ()
    licence: str = "none"
    provenance: str = "none"
    live_only: bool = False
    runs: Literal["heavy", "light", "still"] = "heavy"
    duration_s: float = 0.0

    def __post_init__(self) -> None:
        taken = {port.name for port in self.ports} & {p.address for p in self.parameters}
        if taken:  # a plan has both under /layer/ID/generator/NAME
            raise ValueError(f"'{self.name}': {', '.join(taken)} names a port and a parameter")


@dataclass(frozen=True, slots=True)
class Request:
    """One frame asked of a generator.

    Parameters
    ----------
    seconds
        Show time that the picture is for.
    latents
        Port name → array with the port's shape, float32.
    parameters
        Short parameter name → stored value.
    size_px
        Width and height of the picture.
    aspect
        Width / height of the area that the picture will fill. It may differ a little from that of
        `size_px`, which is rounded: geometry follows this one.
    pictures
        Port name → what an image port sees [shape=(H, W, 3)], uint8, sRGB, row 0 top; see
        `ImageInput` for its size. A port that is missing sees nothing yet.
    """

    seconds: float
    latents: Mapping[str, NDArray[np.float32]]
    parameters: Mapping[str, float] = field(default_factory=dict)
    size_px: tuple[int, int] = (128, 128)
    aspect: float = 1.0
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


def picture_size(side_px: int, aspect: float) -> tuple[int, int]:
    """Width and height of a picture with the area of a square of `side_px`, even sides."""
    root = math.sqrt(aspect)
    return max(round(side_px * root / 2) * 2, 16), max(round(side_px / root / 2) * 2, 16)


def asked_size(
    spec: Spec, side_px: int, aspect: float, canvas_px: tuple[int, int]
) -> tuple[int, int]:
    """Width and height asked of a generator, with the area of a square of `side_px`.

    Of its own aspect if it has one, never less than that. With `side_px` 0 it is the generator's
    own size, or what its layer has on the canvas if that is less.

    Parameters
    ----------
    aspect
        Width / height of the area to fill, which is as large as it fits into the canvas.
    """
    if spec.any_size:
        return picture_size(side_px, aspect)
    root, side = math.sqrt(spec.aspect), float(side_px or spec.max_px)
    if not side_px:
        height_px = min(canvas_px[1], canvas_px[0] / aspect)
        side *= min(max(aspect * height_px / (side * root), height_px * root / side), 1.0)
    return max(math.ceil(side * root - 1e-6), 1), max(math.ceil(side / root - 1e-6), 1)
