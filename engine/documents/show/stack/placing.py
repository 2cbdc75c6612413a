"""Placing of a layer: its parameters, with the values that the show gives them."""

from __future__ import annotations

from typing import Any

from engine.core.show.layer import BLENDS, SPACES
from engine.core.show.placing import FITS, MIRRORS, TILES, Placing
from engine.documents.builder import ShowBuilder
from engine.documents.schema import LayerTable

LARGEST_SCALE = 8.0
_NUMBERS = {
    "x": (-4.0, 4.0, "", "Way to the right, in widths of the canvas."),
    "y": (-4.0, 4.0, "", "Way upwards, in heights of the canvas."),
    "rotation": (-360.0, 360.0, "deg", "Turned clockwise."),
    "anchor_x": (0.0, 1.0, "", "What stays when it is scaled and turned, from the left."),
    "anchor_y": (0.0, 1.0, "", "What stays when it is scaled and turned, from below."),
    "crop_left": (0.0, 1.0, "", "Part of the layer that is cut off, from the left."),
    "crop_right": (0.0, 1.0, "", "Part of the layer that is cut off, from the right."),
    "crop_top": (0.0, 1.0, "", "Part of the layer that is cut off, from above."),
    "crop_bottom": (0.0, 1.0, "", "Part of the layer that is cut off, from below."),
}
_CHOICES = {
    "fit": (FITS, "Whole in the canvas, covering it, or stretched over it."),
    "mirror": (MIRRORS, "Which way its picture is turned over."),
    "tile": (TILES, "Repeats it over the whole canvas."),
}


def add_placing(builder: ShowBuilder, root: str, table: LayerTable) -> dict[str, Any]:
    """Add what a layer has beside its source and its effects; return the places by field."""
    opacity = builder.number(f"{root}/opacity", table.opacity, 0, 1, "", "How much of it is seen.")
    scale = builder.number(
        f"{root}/scale", table.scale, 0.05, LARGEST_SCALE, "", "Size of the layer's area."
    )
    found = {
        "opacity": opacity,
        "scale": scale,
        "blend": builder.choice(f"{root}/blend", BLENDS, table.blend, "How it is laid on."),
        "space": builder.choice(
            f"{root}/blend_space", SPACES, table.blend_space,
            "Whether it is blended in light, or as a display is sent it.",
        ),
        "solo": builder.switch(f"{root}/solo", "Hides all layers that are not solo.", table.solo),
        "mute": builder.switch(f"{root}/mute", "Hides the layer.", table.mute),
    }  # fmt: skip
    places = []
    for name in Placing._fields:
        address, value = f"{root}/{name}", getattr(table, name)
        if name in _CHOICES:
            choices, text = _CHOICES[name]
            places.append(builder.choice(address, choices, value, text))
        else:
            low, high, unit, text = _NUMBERS[name]
            places.append(builder.number(address, value, low, high, unit, text))
    for vector, names in (
        ("position", ("x", "y")),
        ("anchor", ("anchor_x", "anchor_y")),
        ("crop", ("crop_left", "crop_right", "crop_top", "crop_bottom")),
    ):
        builder.groups[f"{root}/{vector}"] = tuple(f"{root}/{name}" for name in names)
    return {**found, "placing": places[0]}
