"""Spaces as geometry: the log and exp maps of every kind of port, for splines and flights.

One pair of maps a space, and everything that interpolates is written once. Points are vectors
[shape=(D,)] or rows of them [shape=(R, D)], each row a point of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from engine.core.latent.coordinates import Chart
from engine.core.latent.geometry import Vector, exp_map, log_map, onto_shell, shell_radius, slerp

_TURN, _SPREAD = 0.6, np.array([0.3, 0.6, 0.2, 0.2])
"""Of an affine2d: radians of a coordinate's unit, and the units of all four coordinates."""


class Manifold(NamedTuple):
    """A space's maps.

    Parameters
    ----------
    log
        (point, goal) → the tangent at the point that leads to the goal.
    exp
        (point, tangent) → where it leads.
    slide
        (point, goal, t) → the point at the part t of the shortest way.
    """

    log: Callable[[Vector, Vector], Vector]
    exp: Callable[[Vector, Vector], Vector]
    slide: Callable[[Vector, Vector, float], Vector]


def _length(rows: Vector) -> Vector:
    found: Vector = np.sqrt(np.einsum("...i,...i->...", rows, rows))[..., None]
    return found


def log_rows(point: Vector, goal: Vector) -> Vector:
    """Do as `geometry.log_map` in every row."""
    found = _tangents(point, goal)
    if found is None:
        return np.stack([log_map(a, b) for a, b in zip(point, goal, strict=True)])
    return found


def _tangents(point: Vector, goal: Vector) -> Vector | None:
    """Work them out in all rows at once; None if one of them has no direction."""
    radius = _length(point)
    p, q = point / radius, goal / _length(goal)
    angle = 2.0 * np.arctan2(_length(p - q), _length(p + q))
    side = q - np.einsum("...i,...i->...", p, q)[..., None] * p
    size = _length(side)
    if (size < 1e-9).any():
        return None
    tangent: Vector = side * (radius * angle / size)
    return tangent


def exp_rows(point: Vector, tangent: Vector) -> Vector:
    """Do as `geometry.exp_map` in every row."""
    angle = _length(tangent) / _length(point)
    return np.cos(angle) * point + np.sinc(angle / math.pi) * tangent


def slerp_rows(a: Vector, b: Vector, t: float) -> Vector:
    """Do as `geometry.slerp` in every row."""
    ra, rb = _length(a), _length(b)
    found = exp_rows(a / ra, t * log_rows(a / ra, b / rb))
    found *= ra ** (1.0 - t) * rb**t / _length(found)
    return found


def slide_each(
    space: Manifold, points: Sequence[Vector], goals: Sequence[Vector], t: float
) -> list[Vector]:
    """Slide from several points to as many goals; of rows in one go, to the same bits."""
    if space is ROWS:
        a, b = np.concatenate(points), np.concatenate(goals)
        ra, rb = _length(a), _length(b)
        tangent = _tangents(a / ra, b / rb)
        if tangent is not None:
            found = exp_rows(a / ra, t * tangent)
            found *= ra ** (1.0 - t) * rb**t / _length(found)
            rows = len(points[0])
            return [found[k : k + rows] for k in range(0, len(found), rows)]
    return [space.slide(a, b, t) for a, b in zip(points, goals, strict=True)]


def _turned(difference: Vector) -> Vector:
    """Take the shorter way round in an affine2d's angle."""
    found = difference.copy()
    whole = 2.0 * math.pi / _TURN
    found[..., 1] -= whole * np.round(found[..., 1] / whole)
    return found


SHELL = Manifold(log_map, exp_map, slerp)
"""Directions on the sphere, lengths geometrically: gaussian, sphere, wspace, simplex, tokens."""
ROWS = Manifold(log_rows, exp_rows, slerp_rows)
"""The same, of rows."""
AFFINE = Manifold(
    lambda p, q: _turned(q - p), lambda p, v: p + v, lambda p, q, t: p + t * _turned(q - p)
)
"""Log scale, angle by the shorter way, translation."""


def manifold(geometry: str, points: int = 1) -> Manifold:
    """Find the space in which a port's coordinates move."""
    if geometry == "affine2d":
        return AFFINE
    return SHELL if points == 1 else ROWS


def distance(space: Manifold, a: Vector, b: Vector) -> float:
    """Length of the shortest way; of rows the root of the mean square."""
    way = space.log(a, b)
    return math.sqrt(float((way * way).sum()) / (way.size // way.shape[-1]))


class SimplexChart:
    """Coordinates of weights that sum to 1: squares of a direction on the sphere.

    Under the Fisher metric the simplex is a part of a sphere, so that splines on the shell give
    weights that are never negative, and independent Gaussians give every mixture.
    """

    def decode(self, coordinates: Vector) -> Vector:
        """Turn coordinates [shape=(…, C)] into weights; the zero vector into equal ones."""
        square = np.square(coordinates) + 1e-300
        found: Vector = square / square.sum(-1, keepdims=True)
        return found

    def encode(self, weights: Vector) -> Vector:
        """Turn weights [shape=(…, C)], not all 0, into coordinates on the shell."""
        parts = np.maximum(weights, 0.0)
        total = np.maximum(parts.sum(-1, keepdims=True), 1e-300)
        found: Vector = np.sqrt(parts / total) * shell_radius(weights.shape[-1])
        return found


class AffineChart:
    """Coordinates of a scale, an angle (rad) and a translation (widths), about N(0, 1) each."""

    def decode(self, coordinates: Vector) -> Vector:
        """Turn coordinates [shape=(…, 4)] into (scale, angle, x, y)."""
        found: Vector = coordinates * _SPREAD
        found[..., 0] = np.exp(np.clip(found[..., 0], -8.0, 8.0))
        return found

    def encode(self, values: Vector) -> Vector:
        """Turn (scale, angle, x, y) into coordinates; a scale is at least e^-8."""
        found = np.array(values, np.float64)
        found[..., 0] = np.log(np.maximum(found[..., 0], math.exp(-8.0)))
        found /= _SPREAD
        return found


AnyChart = Chart | SimplexChart | AffineChart


def firm(rows: Vector) -> Vector:
    """Give points that have no direction one, so short that nobody sees it."""
    least = 1e-7 * shell_radius(rows.shape[-1])
    found = np.array(rows, np.float64)
    for row in found.reshape(-1, found.shape[-1]):
        if float(row @ row) < least * least:
            row[:] = onto_shell(row, least)
    return found
