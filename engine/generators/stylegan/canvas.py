"""The configuration of a StyleGAN: model files, output geometry, latent space, control points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.generators.contract import DIRECTIONS, MODEL, SECOND_NETWORK, Asset
from engine.generators.editing.bend_ops import BendTable
from engine.generators.networks.style_map import Grid, fine_grid
from engine.models.sidecars.beside import beside

MOST_SIDE, MOST_POINTS, MOST_ROWS, MOST_SOURCES = 32.0, 64, 16, 4
SPACES = ("z", "z+", "w", "w+")


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a show may say about a StyleGAN.

    Parameters
    ----------
    path
        The model: a ``.safetensors`` file that ``latent-cinema model import`` wrote, or a foreign
        file that the player converts.
    wide, high
        Width and height of the picture in trained ones. The network's start grows, nothing is
        stretched.
    points, rows
        Control points across and down, each a latent of its own.
    closed
        Whether the picture closes into a band without a seam: then ``wide`` must be a whole number
        of the start's columns.
    space
        Where latents live: ``z``, ``z+`` (one for each group of layers), ``w`` (one style for all
        layers) or ``w+`` (one for each).
    sources
        How many latents are mixed, layer by layer: 2 to 4, each with a path of its own.
    vivid
        Whether mixes keep their distance from the average picture, see `mixing`.
    bends
        What is done to the network's features, see `bend_ops.BendTable`.
    other
        Another network of the same shapes that this one is mixed with; empty: none.
    blends
        Its parts that are mixed, as `second_network.check` names them; none: all.
    directions
        File of named directions; empty: the one beside the model, if there is one.
    """

    path: str
    wide: float = 1.0
    high: float = 1.0
    points: int = 1
    rows: int = 1
    closed: bool = False
    space: str = "z"
    sources: int = 2
    vivid: bool = False
    bends: tuple[BendTable, ...] = ()
    other: str = ""
    blends: tuple[str, ...] = ()
    directions: str = ""

    def files(self, family: str, *sidecars: str) -> tuple[Asset, ...]:
        """List a canvas's network with sidecars, its other one, and named directions."""
        names = [name for name in sidecars if name != "directions" or not self.directions]
        found = [Asset("path", self.path, MODEL, family, beside(self.path, names))]
        if self.other:
            found.append(Asset("other", self.other, SECOND_NETWORK, family))
        if self.directions:
            found.append(Asset("directions", self.directions, DIRECTIONS))
        return tuple(found)

    @property
    def is_tiled(self) -> bool:
        """Whether this is more than the picture that was trained."""
        return (self.wide, self.high, self.points, self.rows, self.closed) != (1, 1, 1, 1, False)

    @property
    def is_mapped(self) -> bool:
        """Whether its latents go through the mapping network."""
        return self.space in ("z", "z+")

    @property
    def control_points(self) -> int:
        """How many latents the picture takes."""
        return self.points * self.rows

    @property
    def grid(self) -> Grid | None:
        """Grid of the styles between the control points; None for the trained picture."""
        return fine_grid(self.rows, self.points, self.closed) if self.is_tiled else None


def check(canvas: Canvas, columns: float) -> None:
    """See to it that a canvas can be drawn by a network whose start has so many columns.

    Raises
    ------
    ValueError
        ``key: what is wrong and what is allowed``.
    """
    for key in ("wide", "high"):
        side = getattr(canvas, key)
        if not 0.25 <= side <= MOST_SIDE:  # NaN too
            raise ValueError(f"config.{key}: {side:g} is outside 0.25 to {MOST_SIDE:g} pictures")
    for key, most in (("points", MOST_POINTS), ("rows", MOST_ROWS)):
        count = getattr(canvas, key)
        if not 1 <= count <= most:
            raise ValueError(f"config.{key}: {count} is outside 1 to {most}")
    if canvas.control_points > MOST_POINTS:
        raise ValueError(
            f"config.rows: {canvas.rows} rows of {canvas.points} are more than {MOST_POINTS} points"
        )
    if not 2 <= canvas.sources <= MOST_SOURCES:
        raise ValueError(f"config.sources: {canvas.sources} is outside 2 to {MOST_SOURCES}")
    if canvas.space not in SPACES:
        raise ValueError(
            f"config.space: '{canvas.space!s:.20}' is none; there are: {', '.join(SPACES)}"
        )
    if canvas.space != "z" and canvas.control_points > 1:
        raise ValueError(
            f"config.space: a picture of several control points takes latents of z, not of "
            f"{canvas.space}; leave space out, or points and rows"
        )
    exact = canvas.wide * columns
    if canvas.closed and abs(exact - round(exact)) > 1e-6:
        near = sorted({max(1, math.floor(exact)) / columns, math.ceil(exact) / columns})
        told = " or ".join(f"{side:g}" for side in near)
        raise ValueError(
            f"config.wide: {canvas.wide:g} pictures do not close with this network; {told} do"
        )


def grown(side: int, factor: float) -> int:
    """Length of a start of `side` that covers `factor` trained pictures, rounded up."""
    return max(1, math.ceil(side * factor - 1e-6))


def picture_px(canvas: Canvas, trained_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the picture, from those of the trained one."""
    width, height = trained_px
    return max(1, round(width * canvas.wide)), max(1, round(height * canvas.high))
