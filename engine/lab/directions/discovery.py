"""The discovery of directions: its options, and what all methods share.

A method is a file ``by_NAME.py`` with ``find(studied, options)``; it returns directions in order,
the strongest first, the same ones on every machine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.lab.directions.moments import Array, Moments, measure
from engine.lab.directions.studied_model import CHUNK, StudiedModel
from engine.models.sidecars.directions import Direction, Floats, unit

SAMPLED = "spread"
"""Samples that sigmas are measured on."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is looked for.

    Parameters
    ----------
    count
        How many directions at most.
    seed
        Of samples, and of random directions.
    samples
        How many; 0: as many as the method needs.
    layers
        First style layer that they move, and the one after the last; None: all.
    space
        ``z`` or ``w``, of random directions and of what fits both.
    sets
        Latents that have something, and latents that do not [shape=(N, D) or (N, L, D)].
    scores
        Names of what is measured; none: all there are.
    fixed
        What is to stay as it is: scores, or directions that are known already.
    file
        Of directions that another program found.
    notify
        Is told of what could mean two things which was taken.
    """

    count: int = 20
    seed: int = 0
    samples: int = 0
    layers: tuple[int, int] | None = None
    space: str = "w"
    sets: tuple[Floats, Floats] | None = None
    scores: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    known: tuple[Direction, ...] = ()
    file: Path | None = None
    notify: Callable[[str], None] = lambda _: None


def find(method: str, studied: StudiedModel, options: Options) -> list[Direction]:
    """Find directions by one method.

    Raises
    ------
    ValueError
        If what is asked for makes no sense, or nothing is found.
    """
    rows = studied.shape.num_ws
    first, last = options.layers or (0, rows)
    if not 0 <= first < last <= rows:
        raise ValueError(f"layers {first}-{last - 1}: this model has the layers 0 to {rows - 1}")
    module = importlib.import_module(f"engine.lab.directions.by_{method}")
    found: list[Direction] = module.find(studied, options)
    return found


def samples_of(
    studied: StudiedModel, options: Options, count: int, space: str = "w"
) -> Iterator[Floats]:
    """Latents of a space in chunks [shape=(n, D)]: of a seed the same ones, whoever asks."""
    z = studied.latents(options.seed, SAMPLED, options.samples or count)
    for at in range(0, len(z), CHUNK):
        yield z[at : at + CHUNK] if space == "z" else studied.map(z[at : at + CHUNK])


def moments_of(
    studied: StudiedModel, options: Options, count: int = 20_000, space: str = "w"
) -> Moments:
    """Measure how latents of a space spread."""
    return measure(samples_of(studied, options, count, space))


def directions_of(
    vectors: NDArray[Any],
    moments: Moments,
    options: Options,
    studied: StudiedModel,
    method: str,
    origin: str = "",
) -> list[Direction]:
    """Make directions of vectors [shape=(N, D)], named by method and number, from 1."""
    made = []
    for place, vector in enumerate(vectors, 1):
        made.append(
            direction_of(f"{method}_{place}", vector, moments, options, studied, method, origin)
        )
    return made


def direction_of(
    name: str, vector: NDArray[Any], moments: Moments, options: Options, studied: StudiedModel,
    method: str, origin: str = "",
) -> Direction:  # fmt: skip
    """Make a direction of a vector [shape=(D,)] of any length."""
    found = unit(vector, canonical=method in ("ganspace", "sefa", "random"))
    centre, sigma = moments.along(found)
    layers = options.layers or (0, studied.shape.num_ws)
    source = ", ".join(filter(None, [origin, f"seed {options.seed}"]))
    return Direction(name, found, sigma, options.space, centre, layers, "", method, source)


def apart(vectors: Array, fixed: Array) -> Array:
    """Take out of vectors [shape=(N, D)] what others [shape=(M, D)] say of them.

    ``x = a - B' (B B')⁻¹ B a``: Y. Shen et al., "Interpreting the latent space of GANs for semantic
    face editing" (2020), for any number of conditions.

    Raises
    ------
    ValueError
        If nothing is left of one.
    """
    if not len(fixed):
        return vectors
    # The pseudo-inverse: two conditions may be one.
    found: Array = vectors - vectors @ np.linalg.pinv(fixed) @ fixed
    lost = np.linalg.norm(found, axis=1) < 1e-3 * np.linalg.norm(vectors, axis=1)
    if lost.any():
        raise ValueError("nothing is left of a direction when the others stay: fix fewer")
    return found


def fixed_of(options: Options, moments: Moments, rank: int) -> Array:
    """Known directions that are to stay, in whitened coordinates [shape=(M, rank)].

    Raises
    ------
    ValueError
        If one is not known, or lives in another space.
    """
    found = []
    known = {each.name: each for each in options.known if each.space == "w"}
    for name in options.fixed:
        if name not in known:
            raise ValueError(
                f"'{name}' is no score, and no direction in w of this model; its directions are: "
                f"{', '.join(known) or 'none'}"
            )
        found.append(moments.axes[:rank] @ known[name].vector / moments.std[:rank])
    return np.array(found).reshape(-1, rank)
