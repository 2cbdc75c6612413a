"""The weighted mean on a sphere: what several latents are together, without leaving the shell."""

from __future__ import annotations

import math

import numpy as np

from engine.core.geometry import Vector, onto_shell

ITERATIONS = 24
RESIDUAL = 1e-13
_TINY = 1e-12


def karcher(points: Vector, weights: Vector) -> Vector:
    """Find the weighted Karcher (Fréchet) mean of points on a sphere.

    The direction m that minimises ``sum w_i angle(m, x_i)^2``, where ``sum w_i log_m(x_i) = 0``, by
    Newton's method in the span of the points (H. Karcher 1977; the Hessian is that of Buss and
    Fillmore 2001, "Spherical averages", section 3). The length is ``prod |x_i|^w_i``, so that of
    two points it is `geometry.slerp`.

    Parameters
    ----------
    points [shape=(N, D)]
        None of length 0. Where they leave the mean undetermined (opposite points), it is that
        nearest to their sum.
    weights [shape=(N,)]
        At least 0, of a sum above 0; they are divided by their sum.

    Returns
    -------
    ndarray [shape=(D,)]
    """
    w = weights / weights.sum()
    lengths = np.sqrt((points * points).sum(axis=1))
    units = points / lengths[:, None]
    radius = math.exp(float(w @ np.log(lengths)))
    gram = units @ units.T
    a = w / max(math.sqrt(float(w @ gram @ w)), _TINY)  # the mean is `a @ units`
    for _ in range(ITERATIONS):
        step = _step(gram, w, a)
        size = math.sqrt(max(float(step @ gram @ step), 0.0))
        if size < RESIDUAL:
            break
        turn = min(size, 0.5 * math.pi)
        a = math.cos(turn) * a + (math.sin(turn) / size) * step
        a /= max(math.sqrt(max(float(a @ gram @ a), 0.0)), _TINY)
    return onto_shell(a @ units, radius)


def _step(gram: Vector, w: Vector, a: Vector) -> Vector:
    """Tangent by which the mean moves: Newton's, or the plain sum of logs where that would not do.

    All in coefficients of the points.
    """
    cosine = np.minimum(np.maximum(gram @ a, -1.0), 1.0)
    angle = np.arccos(cosine)
    sine = np.sqrt(1.0 - cosine * cosine)
    is_near = sine < 1e-7
    sine = np.where(is_near, 1.0, sine)
    stretch = np.where(is_near, 1.0, angle / sine)
    sides = np.eye(len(w)) - np.outer(cosine, a)  # row i: the way from the mean to point i
    step: Vector = (w * stretch) @ sides
    curve = np.where(is_near, 1.0, stretch * cosine)
    least = float(w @ curve)
    if least < 0.05:
        return step
    sides /= sine[:, None]
    bent = (sides.T * (w * (1.0 - curve))) @ sides @ gram
    return np.asarray(np.linalg.solve(least * np.eye(len(w)) + bent, step), np.float64)
