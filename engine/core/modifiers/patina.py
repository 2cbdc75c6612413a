"""Patina: visited places slowly bend a path.

Visits are weighted directions. Their density at a unit vector u is
``p(u) = sum_i w_i exp(b c_i . u)``, a sum of von Mises-Fisher kernels; what bends the walk is the
gradient of its logarithm, ``sum_i p_i (c_i - (c_i . u) u)`` with ``p_i`` the share of kernel i: to
what was visited (attraction), or away from it (wear). All of it is a pure function of the ticks.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import shape
from engine.core.latent.geometry import Vector, exp_map, length
from engine.core.path.memory import Visits
from engine.core.path.model import Here, Kept, Modifier, Now, Part, Path, PathState, Rows
from engine.core.path.setting import Setting

MOST = 64
"""Visits kept: the two nearest to each other become one when there are more."""
FRESH = 8
"""Newest visits that do not act yet: a walk must not be held by where it has just been."""
HALF = 360.0
"""Visits after which the patina has half of its effect."""
SHARPNESS = 3.0
"""Of the kernels: they are 0.6 rad wide."""
REACH = 0.9
"""Of the gradient, at the full age: below 1, so that no attraction shoots past what it goes to."""
LARGEST_WEIGHT = 1e9


def blank(size: int) -> Visits:
    """No visits."""
    none = np.zeros((0, size), np.float16)
    return Visits(none, np.zeros(0), none)


def visit(visits: Visits, places: Vector, motion: int) -> Visits:
    """Remember where a trajectory is at a tick of motion."""
    kept = slice(visits.leaving, None)
    centres, weights = visits.centres[kept], visits.weights[kept]
    fresh = np.concatenate([visits.fresh, _directions(places)])
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
    return Visits(
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
def _rows(visits: Visits) -> Vector:
    return visits.centres.astype(np.float64)


def bend(z: Vector, visits: Visits, amount: float, share: float) -> Vector:
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
    if not len(visits.centres) or size == 0.0:
        return z
    rows = _rows(visits)
    weights, fade = visits.weights.copy(), shape("smooth", share)
    weights[: visits.leaving] *= 1.0 - fade
    weights[len(weights) - visits.arriving :] *= fade
    unit = z / size
    near = rows @ unit
    kernel = weights * np.exp(SHARPNESS * (near - near.max()))
    total, sum_ = float(weights.sum()), float(kernel.sum())
    if sum_ <= 0.0:
        return z
    pull = (kernel / sum_) @ rows
    pull -= (pull @ unit) * unit
    return exp_map(z, (amount * REACH * total / (total + HALF) * size) * pull)


def visits_of(path: Path, state: PathState) -> Visits:
    """Visits that bend a path: those since the show began, on top of those that it began with."""
    return state.memory.get("traces") or path.past.visits or blank(path.size)


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Let what was visited bend every point."""
    amount = now.values[path.at["patina"]]
    visits = visits_of(path, state)
    if amount == 0.0 or not len(visits.centres):
        return rows
    share = (now.unfrozen_s - visits.since / now.control_hz) / now.values[path.at["patina_s"]]
    return [bend(row, visits, amount, share) for row in rows]


def _remember(path: Path, state: PathState, now: Now, here: Here) -> PathState:
    """Remember where the path is, now and then."""
    if path.past.visits is None and now.values[path.at["patina"]] == 0.0:
        return state
    every = max(round(now.values[path.at["patina_s"]] * now.control_hz), 1)
    known = visits_of(path, state)
    if now.tick % every != 0 or now.tick <= known.since:
        return state
    return state.remembering(traces=visit(known, here().reshape(-1, path.size), now.tick))


def settled(visits: Visits) -> Visits:
    """Visits as a file keeps them: what was on its way has arrived, nothing is fresh."""
    kept = slice(visits.leaving, None)
    return replace(
        blank(visits.centres.shape[1]), centres=visits.centres[kept], weights=visits.weights[kept]
    )


_MOST_ROWS = 4096


def _write(visits: Visits) -> Any:
    parts = [
        base64.b64encode(part.astype("<f2").tobytes()).decode("ascii")
        for part in (visits.centres, visits.fresh)
    ]
    return [
        *parts, visits.weights.tolist(), visits.arriving, visits.leaving, visits.since
    ]  # fmt: skip


def _read(path: Path, data: Any) -> Visits | None:
    centres, fresh = (_read_directions(text, path.size) for text in data[:2])
    if centres is None or fresh is None:
        return None
    weights = np.asarray(data[2], np.float64)
    arriving, leaving, since = map(int, data[3:])
    if weights.shape != (len(centres),) or not (weights >= 0.0).all() or not (weights <= 1e9).all():
        raise ValueError("not a state snapshot: the weights of its traces are out of reason")
    if min(arriving, leaving) < 0 or arriving + leaving > len(centres):
        raise ValueError("not a state snapshot: more traces come and go than there are")
    return Visits(centres, weights, fresh, arriving, leaving, since)


def _read_directions(text: Any, size: int) -> NDArray[np.float16] | None:
    data = base64.b64decode(text, validate=True)
    if len(data) % (2 * size):
        return None
    found = np.frombuffer(data, "<f2").reshape(-1, size)
    if len(found) > _MOST_ROWS or not (np.abs(found) <= 1.01).all():
        raise ValueError("not a state snapshot: its traces are out of reason")
    return found.astype(np.float16)


PATINA = Modifier(
    "patina",
    _apply,
    wakes=("patina",),
    fits=lambda _: True,
    begins_awake=lambda path: path.past.visits is not None,
    leads=True,
    remember=_remember,
    part=Part(
        settings=(
            Setting("patina", "Bends it to where it was (1), or away (-1).", 0.0, -1.0, 1.0),
            Setting(
                "patina_s",
                "Time from visit to visit.",
                10.0,
                0.1,
                3600.0,
                "s",
                label="Patina interval",
            ),
        ),
        memory={"traces": Kept(_write, _read)},
    ),
)
