"""Operations of network bending: their parameters, and what they make of a cell of channels.

See `bend_plan`, which says which channels they are done to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Kind, Parameter

Floats = NDArray[np.float32]
REACH = 3
"""Largest radius of erosion and dilation, in the layer's own pixels."""
EDGES = ("zeros", "border", "reflection")
GAIN, OFFSET, RADIUS, SOFT, LEVEL, NOISE, SWAP = range(6, 13)
NOTHING: Floats = np.array([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0], np.float32)
"""A cell at rest: inverse matrix [shape=(2, 3)] row by row, then the fields above."""


class Knob(NamedTuple):
    """One parameter of an operation: what its address ends in, and what it is."""

    end: str
    default: float
    low: float
    high: float
    text: str
    unit: str = ""


_SHARE = (Knob("", 0.0, 0.0, 1.0, "How far."),)
_RADIUS = (Knob("", 0.0, 0.0, float(REACH), "Radius, in the layer's pixels.", "px"),)
OPS: Mapping[str, tuple[Knob, ...]] = {
    "translate": (
        Knob("_x", 0.0, -1.0, 1.0, "Moves right, in widths."),
        Knob("_y", 0.0, -1.0, 1.0, "Moves down, in heights."),
    ),
    "rotate": (Knob("", 0.0, -math.pi, math.pi, "Turns clockwise.", "rad"),),
    "scale": (Knob("", 1.0, 0.125, 8.0, "2 is twice as large."),),
    "flip_h": (Knob("", 0.0, 0.0, 1.0, "1 is mirrored left to right; 0.5 is the middle alone."),),
    "flip_v": (Knob("", 0.0, 0.0, 1.0, "1 is mirrored top to bottom; 0.5 is the middle alone."),),
    "erode": _RADIUS,
    "dilate": _RADIUS,
    "threshold": (
        *_SHARE,
        Knob("_at", 0.0, -4.0, 4.0, "What is above it becomes 1, what is below 0."),
    ),
    "invert": (Knob("", 0.0, 0.0, 1.0, "1 is 1 - x."),),
    "multiply": (Knob("", 1.0, -8.0, 8.0, "Factor."),),
    "add": (Knob("", 0.0, -8.0, 8.0, "What is added."),),
    "ablate": (Knob("", 0.0, 0.0, 1.0, "1 is silence."),),
    "noise": (Knob("", 0.0, 0.0, 8.0, "Strength of a pattern of chance that is added."),),
    "swap": (Knob("", 0.0, 0.0, 1.0, "1 is every channel at another one's place."),),
}
AFFINE = frozenset({"translate", "rotate", "scale", "flip_h", "flip_v"})
FAMILY: Mapping[str, str] = {
    **dict.fromkeys(AFFINE, "affine"), "erode": "morph", "dilate": "morph",
    "threshold": "soft", "invert": "linear", "multiply": "linear", "add": "linear",
    "ablate": "linear", "noise": "noise", "swap": "swap",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BendTable:
    """One of ``config.bends``.

    Parameters
    ----------
    at
        Layer, as in `Spec.bendable`.
    op
        One of `OPS`.
    channels
        ``all``, ``half``, ``cluster:N``, a share 0 to 1 by chance, or the first and the last.
    id
        For its addresses, ``bend_ID…``; none: the operation's name.
    seed
        Of the channels that are chosen by chance: a larger share contains the smaller one.
    edge
        What lies beyond the picture where it is moved: one of `EDGES`.
    """

    at: str
    op: str
    channels: str | float | tuple[int, int] = "all"
    id: str = ""
    seed: int = 0
    edge: str = "zeros"

    @property
    def name(self) -> str:
        """What its addresses begin with."""
        return f"bend_{self.id or self.op}"


def parameters(bends: Sequence[BendTable]) -> list[Parameter]:
    """Parameters of all bends, for the spec; their defaults leave every picture alone."""
    return [
        Parameter(
            f"{bend.name}{knob.end}", Kind.FLOAT, knob.default, knob.low, knob.high,
            unit=knob.unit, text=f"Bends {bend.at} ({bend.op}). {knob.text}",
        )
        for bend in bends
        for knob in OPS[bend.op]
    ]  # fmt: skip


def inverse(op: str, knobs: Sequence[float], aspect: float) -> NDArray[np.float64]:
    """Where a pixel comes from, both axes -1..1 and y down [shape=(3, 3)]."""
    matrix = np.eye(3)
    if op == "translate":
        matrix[:2, 2] = -2.0 * knobs[0], -2.0 * knobs[1]
    elif op == "rotate":
        c, s = math.cos(knobs[0]), math.sin(knobs[0])
        matrix[:2, :2] = (c, s / aspect), (-s * aspect, c)
    elif op == "scale":
        matrix[:2, :2] /= knobs[0]
    else:
        axis = 0 if op == "flip_h" else 1
        matrix[axis, axis] = 1.0 - 2.0 * knobs[0]
    return matrix


def enter(cell: Floats, op: str, value: float, level: float = 0.0) -> None:
    """Add one more operation to a cell, in place: gains and offsets follow each other."""
    if op in ("multiply", "ablate", "invert"):
        factor = {"multiply": value, "ablate": 1.0 - value, "invert": 1.0 - 2.0 * value}[op]
        cell[GAIN] *= factor
        cell[OFFSET] = cell[OFFSET] * factor + (value if op == "invert" else 0.0)
    elif op == "add":
        cell[OFFSET] += value
    elif op in ("erode", "dilate"):
        cell[RADIUS] = min(max(cell[RADIUS] + (value if op == "dilate" else -value), -REACH), REACH)
    elif op == "threshold":
        cell[SOFT], cell[LEVEL] = value, level
    elif op == "noise":
        cell[NOISE] += value
    else:
        cell[SWAP] = value
