"""Tables of ``[[lfos]]``, of ``[[modulators]]``, one for each kind, and of ``[[macros]]``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from engine.core.modulators import table
from engine.core.modulators.model import REQUIRED, Kind
from engine.core.parameter import Kind as Holds


class LfoTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """``[[lfos]]``."""

    id: str
    wave: Literal["sine", "triangle", "saw", "square", "noise", "steps"] = "sine"
    rate_hz: float = 0.1
    beats: float = 0.0
    phase: float = 0.0
    swing: float = 0.0
    width: float = 0.5


class MacroTargetTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One of ``targets``: a parameter that a macro moves, and over which way."""

    target: str
    range: tuple[float, float]
    curve: str = "linear"
    mode: Literal["replace", "add", "multiply", "max"] = "replace"


class MacroTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """``[[macros]]``: one knob for many parameters."""

    id: str
    targets: list[MacroTargetTable]
    label: str = ""
    value: float = 0.0


def _table(kind: Kind) -> type[msgspec.Struct]:
    fields: list[Any] = [("id", str)]
    for key in (*kind.signals, *kind.keys):
        required = key.default is REQUIRED
        fields.append((key.name, key.type) if required else (key.name, key.type, key.default))
    for each in kind.settings:
        value: type = int if each.kind is Holds.INT else float
        fields.append((each.name, value, value(each.default)))
    return msgspec.defstruct(
        f"{kind.name.title().replace('_', '')}Table", fields, tag_field="kind", tag=kind.name,
        namespace={"__doc__": f"``[[modulators]]`` of the kind ``{kind.name}``."},
        kw_only=True, frozen=True, forbid_unknown_fields=True,
    )  # fmt: skip


KINDS: dict[str, Kind] = {kind.name: kind for kind in table.MODULATORS}
MODULATORS: dict[str, type[msgspec.Struct]] = {name: _table(kind) for name, kind in KINDS.items()}
"""Kind → its table."""
