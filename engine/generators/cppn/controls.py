"""Parameters of the CPPN."""

from __future__ import annotations

import math

from engine.core.parameter import Kind, Parameter
from engine.generators.contract import number
from engine.generators.cppn import palette
from engine.generators.cppn.weights import GROUPS


def _choice(address: str, default: str, text: str) -> Parameter:
    names = palette.NAMES
    place, last = float(names.index(default)), len(names) - 1.0
    return Parameter(address, Kind.CHOICE, place, 0.0, last, names, text=text)


def _styling() -> tuple[Parameter, ...]:
    reach = "Distance from the average picture: 0 is the average, above 1 is wilder."
    factors = (
        number(f"truncation_{group}", 1.0, 0.0, 2.0, f"Factor on the {group} layers' truncation.")
        for group in GROUPS
    )
    mixes = (
        number(f"mix_{group}", 0.0, 0.0, 1.0, f"Source of the {group} layers: 0 is z, 1 is z_b.")
        for group in GROUPS
    )
    return (number("truncation", 1.0, 0.0, 2.0, reach), *factors, *mixes)


PARAMETERS = (
    *_styling(),
    _choice("palette", "ember", "The colours."),
    _choice("palette_b", "lagoon", "The colours that palette_mix fades to."),
    number("palette_mix", 0.0, 0.0, 1.0, "Fade from palette to palette_b."),
    number("palette_shift", 0.0, 0.0, 1.0, "Turns the ring of hues; 1 is where 0 was."),
    number("contrast", 1.0, 0.0, 2.0, "Steepness of the tone curve."),
    number("black", 0.4, 0.0, 1.0, "How much of the field falls to true black."),
    number("scale", 1.0, 0.25, 4.0, "Zoom: 2 is twice as near."),
    number("detail", 0.5, 0.0, 1.0, "Finest structure let through."),
    number("warp", 1.0, 0.0, 2.0, "How far the field is bent by its own flow."),
    number("symmetry", 0.0, 0.0, 1.0, "Slides a mirror in from the left; 1 is the middle."),
    number("rotation", 0.0, -math.pi, math.pi, "Turns the field.", "rad"),
    number("offset_x", 0.0, -2.0, 2.0, "Moves the field right, in half short sides."),
    number("offset_y", 0.0, -2.0, 2.0, "Moves the field up, in half short sides."),
    number("form", 0.0, 0.0, 1.0, "0 is an endless field, 1 is one centred form on nothing."),
    number("relief", 0.6, 0.0, 1.0, "Strength of light raking over the height."),
    number("veil", 0.5, 0.0, 1.0, "Light gathered where the field folds over itself."),
    number("line", 0.5, 0.0, 1.0, "Thin lines along equal heights."),
    number("height", 0.0, 0.0, 1.0, "Fades from the lit picture to its bare height, a relief."),
)
