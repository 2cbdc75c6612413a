"""Snapshots of a trajectory's memory, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.path.model import NOTHING, Path, PathState


def write_memory(path: Path, state: PathState) -> dict[str, Any]:
    """Write what the path's parts remember."""
    known = state.memory
    kept = path.parts.memory.items() if known else ()
    return {name: each.write(known[name]) for name, each in kept if name in known}


def read_memory(path: Path, data: Any) -> Mapping[str, Any]:
    """Read it back; what this program does not know, or does not fit the path, is left out.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is not such data.
    """
    kept = path.parts.memory
    found = {name: kept[name].read(path, each) for name, each in data.items() if name in kept}
    return {name: value for name, value in found.items() if value is not None} or NOTHING
