"""Examples that a performer teaches while the show plays: controllers here, that picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.core.latent.examples import Atlas, blend, empty
from engine.core.latent.geometry import Vector
from engine.core.path.model import Path, PathState

MOST = 512


def examples(path: Path, held: PathState) -> Atlas:
    """Examples that the ``map`` motion goes by."""
    if held.more.lessons is not None:
        return held.more.lessons
    return path.atlas or empty(len(path.inputs), path.points, path.size)


def stand(path: Path, values: Sequence[float]) -> Vector:
    """Where the controllers stand [shape=(inputs,)]."""
    return np.array([values[place] for place in path.inputs])


def place_on(path: Path, held: PathState, values: Sequence[float]) -> Vector | None:
    """Coordinates that the controllers lead to [shape=path.shape]; None without examples."""
    atlas = examples(path, held)
    return blend(atlas, stand(path, values)).reshape(path.shape) if len(atlas) else None


def teach(path: Path, held: PathState, values: Sequence[float], latent: Vector) -> PathState:
    """Let where the controllers stand mean this latent [shape=path.shape]."""
    if not path.inputs:
        return held
    rows = latent.reshape(path.points, path.size)
    found = examples(path, held).joined(stand(path, values), rows)
    if len(found) > MOST:
        return held
    return replace(held, more=replace(held.more, lessons=found))


def forget(path: Path, held: PathState) -> PathState:
    """Take the newest example away."""
    known = examples(path, held)
    rest = Atlas(known.places[:-1], known.latents[:-1])
    return replace(held, more=replace(held.more, lessons=rest)) if len(known) else held


def write(found: Atlas) -> Any:
    """Write examples as JSON-ready data."""
    return [found.places.tolist(), found.latents.tolist()]


def read(path: Path, data: Any) -> Atlas | None:
    """Read them back; None if they do not fit the path any more.

    Raises
    ------
    ValueError, TypeError
        If they are no such data.
    """
    places, latents = (np.asarray(part, np.float64) for part in data)
    count = len(places)
    if not count:
        return empty(len(path.inputs), path.points, path.size)
    if places.shape != (count, len(path.inputs)):
        return None
    if latents.shape != (count, path.points, path.size):
        return None
    if not (np.isfinite(places).all() and np.isfinite(latents).all()):
        raise ValueError("not a state snapshot: an example holds what is no number")
    return Atlas(places, latents)
