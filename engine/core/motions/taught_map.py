"""Taught map: examples of controllers and latents that a performer sets while the show plays."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.latent.examples import Examples, blend, empty
from engine.core.latent.geometry import Vector
from engine.core.motions.points import each_point, rest
from engine.core.path.model import (
    Change,
    Data,
    Here,
    Kept,
    Motion,
    Now,
    Part,
    Path,
    PathState,
    Values,
)  # fmt: skip
from engine.core.path.setting import trigger

MOST = 512


def examples_of(path: Path, state: PathState) -> Examples:
    """Examples that the ``map`` motion goes by."""
    known: Examples | None = state.memory.get("lessons")
    return (
        known
        if known is not None
        else path.examples or empty(len(path.inputs), path.points, path.size)
    )


def stand(path: Path, values: Values) -> Vector:
    """Where the controllers stand [shape=(inputs,)]."""
    return np.array([values[place] for place in path.inputs])


_rest = each_point(rest)


def _move(path: Path, state: PathState, now: Now, phase: float) -> Vector:
    """Go where the controllers lead; a map without examples rests."""
    known = examples_of(path, state)
    if not len(known):
        return _rest(path, state, now, phase)
    return blend(known, stand(path, now.values)).reshape(path.shape)


def _take_teach(path: Path, state: PathState, now: Now, here: Here, _: Data) -> PathState:
    """Let where the controllers stand mean where the path is."""
    if not path.inputs:
        return state
    rows = here().reshape(path.points, path.size)
    found = examples_of(path, state).joined(stand(path, now.values), rows)
    return state if len(found) > MOST else state.remembering(lessons=found)


def _take_forget(path: Path, state: PathState, _: Now, __: Here, ___: Data) -> PathState:
    """Take the newest example away."""
    known = examples_of(path, state)
    rest = Examples(known.places[:-1], known.latents[:-1])
    return state.remembering(lessons=rest) if len(known) else state


def _write(found: Examples) -> Any:
    """Write examples as JSON-ready data."""
    return [found.places.tolist(), found.latents.tolist()]


def _read(path: Path, data: Any) -> Examples | None:
    """Read them back; None if they do not fit the path any more."""
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
    return Examples(places, latents)


MAP = Motion(
    "map",
    _move,
    is_still=True,
    part=Part(
        settings=(
            trigger("teach", "The controllers stand for this picture now."),
            trigger("forget", "Takes the newest taught example away."),
        ),
        events={"teach": Change(_take_teach), "forget": Change(_take_forget)},
        memory={"lessons": Kept(_write, _read)},
    ),
)
