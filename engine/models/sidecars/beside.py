"""Sidecar files of a model: their names, and where each lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from engine.models.sidecars import clusters, directions, snapshots

SIDECARS: Mapping[str, Callable[[Path], Path]] = {
    "ages": snapshots.path_of,
    "clusters": clusters.path_of,
    "directions": directions.path_of,
}


def beside(model: str, names: Iterable[str] = tuple(SIDECARS)) -> dict[str, Path]:
    """Where the sidecars of a model lie, by name, there or not; none of a model without a name."""
    path = Path(model)
    return {name: SIDECARS[name](path) for name in names} if path.name else {}
