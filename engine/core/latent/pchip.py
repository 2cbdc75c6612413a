"""Monotone cubic interpolation of scalars: smooth, and never beyond the values it goes through.

F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic
interpolants" (1984): the slope at a knot is a weighted harmonic mean of its neighbours' slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def slopes(x: Values, y: Values, is_closed: bool = False) -> Values:
    """Slope at every knot.

    Parameters
    ----------
    x
        Rising places [shape=(N,)], N at least 2.
    y
        Values [shape=(N,)].
    is_closed
        The last knot is the first one a period later: their slopes are the same.

    Returns
    -------
    ndarray [shape=(N,)]
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
    """Value at a place, which is held to the knots' range.

    Parameters
    ----------
    m
        Slopes, see `slopes`.
    """
    i = min(max(int(np.searchsorted(x, at, "right")) - 1, 0), len(x) - 2)
    h = float(x[i + 1] - x[i])
    t = min(max((at - float(x[i])) / h, 0.0), 1.0)
    s = 1.0 - t
    return float(
        y[i] * (s * s * (1.0 + 2.0 * t))
        + y[i + 1] * (t * t * (3.0 - 2.0 * t))
        + h * (m[i] * (t * s * s) - m[i + 1] * (t * t * s))
    )
