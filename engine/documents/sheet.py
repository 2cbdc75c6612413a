"""Sheets: layers that show what lies around the latent of another layer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.documents.schema import GeneratorTable, LayerTable


def with_sheet(layer: LayerTable, beside: Sequence[LayerTable]) -> LayerTable:
    """Give a layer with a ``sheet`` the generator that draws it.

    Raises
    ------
    ValueError
        If there is no other layer with a generator of that ID.
    """
    sheet = layer.sheet
    assert sheet is not None
    makers = {each.id: each.generator for each in beside if each.generator and each.id != layer.id}
    of = makers.get(sheet.of)
    if of is None:
        raise ValueError(
            f"sheet.of: no layer '{sheet.of:.40}' with a generator; "
            f"there are: {', '.join(makers) or 'none'}"
        )
    made = GeneratorTable(
        kind="sheet",
        size_px=sheet.size_px,
        film_px=sheet.size_px,
        rate_hz=sheet.rate_hz,
        config={
            "kind": of.kind, "config": of.config,
            "columns": sheet.columns, "rows": sheet.rows, "seed": sheet.seed,
        },
        parameters={"spread": sheet.spread, "gap": sheet.gap},
    )  # fmt: skip
    return msgspec.structs.replace(layer, generator=made)
