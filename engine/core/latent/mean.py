"""The Fréchet mean on a sphere: the mean of several latents, without leaving the shell."""

from __future__ import annotations

import numpy as np

from engine.core.latent.geometry import Vector, onto_shell

ITERATIONS = 24
RESIDUAL = 1e-13
_TINY = 1e-12


def frechet_mean(points: Vector, weights: Vector) -> Vector:
    """Find the weighted Karcher (Fréchet) mean of points on a sphere [shape=(D,) or (R, D)].

    The direction m that minimises ``sum w_i angle(m, x_i)^2``, where ``sum w_i log_m(x_i) = 0``, by
    Newton's method in the span of the points (H. Karcher 1977; the Hessian is that of Buss and
    Fillmore 2001, "Spherical averages", section 3). The length is ``prod |x_i|^w_i``, so that of
    two points it is `geometry.slerp`.

    Parameters
    ----------
    points [shape=(N, D) or (R, N, D)]
        None of length 0; of R rows each has a mean of its own. Where they leave the mean
        undetermined (opposite points), it is that nearest to their sum.
    weights [shape=(N,)]
        At least 0, of a sum above 0; they are divided by their sum.
    """
    if points.ndim == 2:
        mean: Vector = frechet_mean(points[None], weights)[0]
        return mean
    w = weights / weights.sum()
    lengths = np.sqrt((points * points).sum(axis=-1))
    units = points / lengths[..., None]
    gram = units @ units.swapaxes(1, 2)
    a = w / np.maximum(np.sqrt((w @ gram) @ w), _TINY)[:, None]  # the mean is `a @ units`
    for _ in range(ITERATIONS):
        step = _step(gram, w, a)
        size = _size(gram, step)
        is_moving = size >= RESIDUAL
        if not is_moving.any():
            break
        turn = np.minimum(size, 0.5 * np.pi)
        moved = np.cos(turn) * a + np.sin(turn) / np.maximum(size, _TINY) * step
        a = np.where(is_moving, moved / np.maximum(_size(gram, moved), _TINY), a)
    means = (a[:, None] @ units)[:, 0]
    radii = np.exp(np.log(lengths) @ w)
    return np.stack([onto_shell(m, float(r)) for m, r in zip(means, radii, strict=True)])


def _size(gram: Vector, a: Vector) -> Vector:
    """Lengths of what coefficients [shape=(R, N)] of the points stand for [shape=(R, 1)]."""
    found = np.sqrt(np.maximum((a[:, None] @ gram @ a[..., None])[..., 0], 0.0))
    return np.asarray(found, np.float64)


def _step(gram: Vector, w: Vector, a: Vector) -> Vector:
    """Tangents by which means move: Newton's, or the plain sum of logs where that would not do.

    All in coefficients of the points [shape=(R, N)].
    """
    count = len(w)
    cosine = np.minimum(np.maximum((gram @ a[..., None])[..., 0], -1.0), 1.0)
    sine = np.sqrt(1.0 - cosine * cosine)
    is_near = sine < 1e-7
    sine = np.where(is_near, 1.0, sine)
    stretch = np.where(is_near, 1.0, np.arccos(cosine) / sine)
    # Row i: the way from the mean to point i.
    sides = np.eye(count) - cosine[..., None] * a[:, None]
    step = ((w * stretch)[:, None] @ sides)[:, 0]
    curve = np.where(is_near, 1.0, stretch * cosine)
    least = curve @ w
    is_newton = least >= 0.05
    if not is_newton.any():
        return np.asarray(step, np.float64)
    sides /= sine[..., None]
    bent = (sides.swapaxes(1, 2) * (w * (1.0 - curve))[:, None]) @ sides @ gram
    bent = np.where(
        is_newton[:, None, None], least[:, None, None] * np.eye(count) + bent, np.eye(count)
    )
    return np.asarray(np.linalg.solve(bent, step[..., None])[..., 0], np.float64)
