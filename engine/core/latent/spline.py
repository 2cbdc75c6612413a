"""Splines through keyframes of any space that has log and exp maps.

A key is met exactly at its time. Hermite segments are cubic Bézier curves by de Casteljau's
algorithm with the space's own shortest ways (Shoemake 1985; Park and Ravani 1995): on the shell
they never leave it, and where keys differ in length, the length goes over smoothly and never
beyond them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import shape
from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import AFFINE, Manifold, distance, slide_each

Values = NDArray[np.float64]
SPLINES = ("hermite", "catmull", "slerp", "linear")


def slopes(x: Values, y: Values, is_closed: bool = False) -> Values:
    """Slope at every knot [shape=(N,)] of a monotone cubic that stays within the values it meets.

    F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic
    interpolants" (1984): a weighted harmonic mean of its neighbours' slopes.

    Parameters
    ----------
    x
        Rising places [shape=(N,)], N at least 2.
    y
        Values [shape=(N,)].
    is_closed
        The last knot is the first one a period later: their slopes are the same.
    """
    h = np.diff(x)
    d = np.diff(y) / h
    if is_closed:
        h, d = np.concatenate([h[-1:], h, h[:1]]), np.concatenate([d[-1:], d, d[:1]])
    elif len(h) == 1:
        return np.repeat(d, 2)
    h0, h1, d0, d1 = h[:-1], h[1:], d[:-1], d[1:]
    w0, w1 = 2.0 * h1 + h0, h1 + 2.0 * h0
    is_turn = d0 * d1 <= 0.0
    safe0, safe1 = np.where(is_turn, 1.0, d0), np.where(is_turn, 1.0, d1)
    inner = np.where(is_turn, 0.0, (w0 + w1) * safe0 * safe1 / (w0 * safe1 + w1 * safe0))
    if is_closed:
        return inner
    return np.concatenate(
        [[_end(h[0], h[1], d[0], d[1])], inner, [_end(h[-1], h[-2], d[-1], d[-2])]]
    )


def _end(h0: float, h1: float, d0: float, d1: float) -> float:
    """One-sided slope at an end, held to the monotone range."""
    m = ((2.0 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
    if m * d0 <= 0.0:
        return 0.0
    return 3.0 * d0 if d0 * d1 <= 0.0 and abs(m) > 3.0 * abs(d0) else float(m)


def pchip(x: Values, y: Values, m: Values, at: float) -> float:
    """Value at a place, which is held to the knots' range, with the slopes `m` of `slopes`."""
    i = min(max(int(np.searchsorted(x, at, "right")) - 1, 0), len(x) - 2)
    h = float(x[i + 1] - x[i])
    t = min(max((at - float(x[i])) / h, 0.0), 1.0)
    s = 1.0 - t
    return float(
        y[i] * (s * s * (1.0 + 2.0 * t))
        + y[i + 1] * (t * t * (3.0 - 2.0 * t))
        + h * (m[i] * (t * s * s) - m[i + 1] * (t * t * s))
    )


@dataclass(frozen=True, slots=True, eq=False)
class Spline:
    """A path through keys. Equal to itself only: what follows from it is kept with it.

    Parameters
    ----------
    points
        The keys, at least one.
    spans
        Time from each key to the next [length=N of a closed path, N - 1 of an open one].
    kind
        ``hermite``: smooth, tangents from the parabola through a key and its neighbours (Bessel)
        · ``catmull``: the same with spans that are the root of the distance (centripetal), for
        keys of very unequal distance · ``slerp``: shortest ways · ``linear``: straight lines.
    tension
        0 is the plain spline, 1 has no velocity at its keys, -1 twice as much.
    """

    space: Manifold
    points: tuple[Vector, ...]
    spans: tuple[float, ...]
    kind: str = "hermite"
    tension: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether the last key leads back to the first."""
        return len(self.spans) == len(self.points)


def spline(
    space: Manifold,
    points: Sequence[Vector],
    *,
    is_closed: bool = True,
    kind: str = "hermite",
    tension: float = 0.0,
    spans: Sequence[float] = (),
) -> Spline:
    """Lay a path through keys, at spans of 1 unless others are given; see `Spline`."""
    count = len(points) if is_closed else len(points) - 1
    return Spline(space, tuple(points), tuple(spans) or (1.0,) * count, kind, tension)


def at(path: Spline, time: float, ease: str = "linear") -> Vector:
    """Point of the path at a time, shaped as a key.

    Parameters
    ----------
    time
        0 is the first key; a closed path begins again after the sum of its spans, an open one
        stays at its ends.
    ease
        Curve of `engine.core.curves` from each key to the next.
    """
    points = path.points
    if len(points) == 1:
        return points[0]
    starts, whole, warp = _times(path)
    place = time % whole if path.is_closed else min(max(time, 0.0), whole)
    segment = min(bisect_right(starts, place) - 1, len(path.spans) - 1)
    t = (place - starts[segment]) / path.spans[segment]
    if ease != "linear":
        t = shape(ease, t)
    p0, p3 = points[segment], points[(segment + 1) % len(points)]
    slide = path.space.slide
    if path.kind == "linear" and path.space is not AFFINE:
        return (1.0 - t) * p0 + t * p3
    if path.kind in ("slerp", "linear"):
        return slide(p0, p3, t)
    if warp is not None:
        x, y, m = warp
        place = pchip(x, y, m, starts[segment] + t * path.spans[segment])
        t = min(max((place - y[segment]) / (y[segment + 1] - y[segment]), 0.0), 1.0)
    p1, p2 = _controls(path, segment)
    a, b, c = slide_each(path.space, (p0, p1, p2), (p1, p2, p3), t)
    a, b = slide_each(path.space, (a, b), (b, c), t)
    return slide(a, b, t)


Warp = tuple[Vector, Vector, Vector]


@lru_cache(maxsize=64)
def _times(path: Spline) -> tuple[tuple[float, ...], float, Warp | None]:
    """Times of the keys, of the whole, and of a centripetal path its times over the shown ones."""
    ends = list(accumulate(path.spans, initial=0.0))
    warp = None
    if path.kind == "catmull":
        x, y = np.array(ends), np.array(list(accumulate(_knots(path), initial=0.0)))
        warp = (x, y, slopes(x, y, path.is_closed))
    return tuple(ends[:-1]), ends[-1], warp


@lru_cache(maxsize=64)
def _knots(path: Spline) -> tuple[float, ...]:
    """Spans that shape the tangents."""
    if path.kind != "catmull":
        return path.spans
    n = len(path.points)
    found = [
        math.sqrt(distance(path.space, path.points[i], path.points[(i + 1) % n]))
        for i in range(len(path.spans))
    ]
    least = 1e-3 * max(found) or 1.0
    return tuple(max(each, least) for each in found)


@lru_cache(maxsize=128)
def _controls(path: Spline, segment: int) -> tuple[Vector, Vector]:
    """Inner Bézier points of a segment."""
    n, h = len(path.points), _knots(path)[segment]
    after = (segment + 1) % n
    return (
        path.space.exp(path.points[segment], _tangent(path, segment) * h / 3.0),
        path.space.exp(path.points[after], -_tangent(path, after) * h / 3.0),
    )


@lru_cache(maxsize=128)
def _tangent(path: Spline, key: int) -> Vector:
    """Velocity at a key: of the parabola through it and its neighbours, slackened by tension."""
    points, spans, n = path.points, _knots(path), len(path.points)
    log, point = path.space.log, points[key]
    slack = 1.0 - path.tension
    if not path.is_closed and key in (0, n - 1):
        if key == 0:
            return slack * log(point, points[1]) / spans[0]
        return -slack * log(point, points[n - 2]) / spans[n - 2]
    h0, h1 = spans[key - 1], spans[key]
    d0 = -log(point, points[key - 1]) / h0
    d1 = log(point, points[(key + 1) % n]) / h1
    return slack * ((d0 * h1 + d1 * h0) / (h0 + h1))
