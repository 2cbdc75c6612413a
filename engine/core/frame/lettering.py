"""Letterings of a frame: what each text layer's letters look like now."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.show.layer import Layer
from engine.core.show.lettering import ALIGNS, PLACES, Lettering, picture_name
from engine.core.show.show import Show
from engine.core.show.state import State


def letterings(
    show: Show, state: State, values: Sequence[float]
) -> tuple[tuple[str, Lettering], ...]:
    """Name of the letters' picture and how they are set, of every text layer."""
    return tuple(
        (picture_name(layer.id), _lettering(show, state, layer, values))
        for layer in show.constants.written
    )


def _lettering(show: Show, state: State, layer: Layer, values: Sequence[float]) -> Lettering:
    writing = layer.writing
    assert writing is not None
    size, line, spacing, outline, align, place = (values[p] for p in writing.places)
    width, height = show.size_px
    aspect = layer.aspect or width / height
    return Lettering(
        state.texts.get(writing.address, writing.text),
        writing.font,
        size, line, spacing, outline, ALIGNS[int(align)], PLACES[int(place)],
        (max(1, round(min(width, height * aspect))), max(1, round(min(height, width / aspect)))),
    )  # fmt: skip
