"""Patina: a walk leaves traces where it was, and they slowly bend it. A work that ages.

The traces are weighted directions. Their density at a unit vector u is
``p(u) = sum_i w_i exp(b c_i . u)``, a sum of von Mises-Fisher kernels; what bends the walk is the
gradient of its logarithm, ``sum_i p_i (c_i - (c_i . u) u)`` with ``p_i`` the share of kernel i: to
what was visited (attraction), or away from it (wear). All of it is a pure function of the ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import shape
from engine.core.latent.geometry import Vector, exp_map, length
from engine.core.path.model import Traces

if TYPE_CHECKING:
    from engine.core.path.model import Path, PathState

MOST = 64
"""Traces kept: the two nearest to each other become one when there are more."""
FRESH = 8
"""Newest visits that do not act yet: a walk must not be held by where it has just been."""
HALF = 360.0
"""Visits after which the patina has half of its effect."""
SHARPNESS = 3.0
"""Of the kernels: they are 0.6 rad wide."""
REACH = 0.9
"""Of the gradient, at the full age: below 1, so that no attraction shoots past what it goes to."""
LARGEST_WEIGHT = 1e9


def blank(size: int) -> Traces:
    """No traces."""
    none = np.zeros((0, size), np.float16)
    return Traces(none, np.zeros(0), none)


def visit(traces: Traces, places: Vector, motion: int) -> Traces:
    """Remember where a trajectory is.

    Parameters
    ----------
    places [shape=(points, D)]
    motion
        Tick of motion.
    """
    kept = slice(traces.leaving, None)
    centres, weights = traces.centres[kept], traces.weights[kept]
    fresh = np.concatenate([traces.fresh, _directions(places)])
    count = max(len(fresh) - FRESH * len(places), 0)
    arriving = 0
    gone_centres, gone_weights = centres[:0], weights[:0]
    for place in fresh[:count]:
        centres, weights = np.concatenate([centres, [place]]), np.append(weights, 1.0)
        arriving += 1
        if len(centres) > MOST:
            pair = _nearest(centres)
            old = [k for k in pair if k < len(centres) - arriving]
            gone_centres = np.concatenate([gone_centres, centres[old]])
            gone_weights = np.append(gone_weights, weights[old])
            arriving += 1 - (len(pair) - len(old))
            one = (weights[pair, None] * centres[pair].astype(np.float64)).sum(0)
            total = float(weights[pair].sum())
            centres = np.concatenate([np.delete(centres, pair, 0), _directions(one[None])])
            weights = np.append(np.delete(weights, pair), total)
    return Traces(
        np.concatenate([gone_centres, centres]),
        np.minimum(np.append(gone_weights, weights), LARGEST_WEIGHT),
        fresh[count:],
        arriving,
        len(gone_centres),
        motion,
    )


def _directions(rows: Vector) -> NDArray[np.float16]:
    rows = np.asarray(rows, np.float64)
    sizes = np.maximum(np.sqrt((rows * rows).sum(1, keepdims=True)), 1e-12)
    found: NDArray[np.float16] = (rows / sizes).astype(np.float16)
    return found


def _nearest(centres: NDArray[np.float16]) -> list[int]:
    """Find the two centres nearest to each other."""
    rows = centres.astype(np.float64)
    gram = rows @ rows.T
    np.fill_diagonal(gram, -2.0)
    a, b = divmod(int(np.argmax(gram)), len(gram))
    return sorted((a, b))


@lru_cache(maxsize=64)
def _rows(traces: Traces) -> Vector:
    return traces.centres.astype(np.float64)


def bend(z: Vector, traces: Traces, amount: float, share: float) -> Vector:
    """Bend a latent towards what was visited, or away from it.

    Parameters
    ----------
    z [shape=(D,)]
        Its length stays.
    amount
        -1 (wear) to 1 (attraction).
    share
        How far the newest visit has faded in, 0..1.
    """
    size = length(z)
    if not len(traces.centres) or size == 0.0:
        return z
    rows = _rows(traces)
    weights, fade = traces.weights.copy(), shape("smooth", share)
    weights[: traces.leaving] *= 1.0 - fade
    weights[len(weights) - traces.arriving :] *= fade
    unit = z / size
    near = rows @ unit
    kernel = weights * np.exp(SHARPNESS * (near - near.max()))
    total, sum_ = float(weights.sum()), float(kernel.sum())
    if sum_ <= 0.0:
        return z
    pull = (kernel / sum_) @ rows
    pull -= (pull @ unit) * unit
    return exp_map(z, (amount * REACH * total / (total + HALF) * size) * pull)


def traces_of(path: Path, held: PathState) -> Traces:
    """Traces that bend a path: those since the show began, on top of those that it began with."""
    return held.more.traces or path.past.traces or blank(path.size)


def aged(
    path: Path,
    held: PathState,
    values: Sequence[float],
    motion_s: float,
    control_hz: float,
    z: Vector,
) -> Vector:
    """Let what was visited bend coordinates [shape=path.shape]."""
    amount = values[path.at["patina"]]
    if amount == 0.0:
        return z
    traces = traces_of(path, held)
    if not len(traces.centres):
        return z
    share = (motion_s - traces.since / control_hz) / values[path.at["patina_s"]]
    rows = [bend(row, traces, amount, share) for row in z.reshape(-1, path.size)]
    return np.stack(rows).reshape(path.shape)


def settled(traces: Traces) -> Traces:
    """Traces as a file keeps them: what was on its way has arrived, nothing is fresh."""
    kept = slice(traces.leaving, None)
    return replace(
        blank(traces.centres.shape[1]), centres=traces.centres[kept], weights=traces.weights[kept]
    )
