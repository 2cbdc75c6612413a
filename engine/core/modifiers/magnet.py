"""Magnets: saved places that draw a steered latent to themselves."""

from __future__ import annotations

import numpy as np

from engine.core.latent.geometry import Vector, away, length


def magnet(z: Vector, keys: Vector, strength: float, reach: float, hold: float) -> Vector:
    """Draw a latent to the key that it is near to.

    At an angle a to the key, what lies within `hold` comes onto it and what lies beyond `reach`
    stays; between them the angle becomes ``a (3 x^2 - 2 x^3)``, ``x = (a - hold) / (reach - hold)``
    (C1, and what was nearer stays nearer), mixed with a itself by the strength. Keys that lie
    within twice the reach of each other reach half the way, so that no latent jumps from one to
    the other.

    Parameters
    ----------
    z [shape=(D,)]
        Its length stays.
    keys [shape=(N, D)]
        Their directions count.
    strength
        0..1.
    reach, hold
        Radians.
    """
    size = length(z)
    if size == 0.0 or strength <= 0.0 or not len(keys):
        return z
    units = keys / np.sqrt((keys * keys).sum(axis=1))[:, None]
    angles = _angles(units, z / size)
    nearest = int(np.argmin(angles))
    angle, key = float(angles[nearest]), units[nearest]
    others = _angles(units, key)
    others = others[others > 1e-6]  # the same place twice is one place
    if len(others):
        reach = min(reach, 0.5 * float(others.min()))
    if angle >= reach or angle == 0.0:
        return z
    hold = min(hold, 0.9 * reach)
    x = max(angle - hold, 0.0) / (reach - hold)
    return away(z, key, strength * angle * (1.0 - x * x * (3.0 - 2.0 * x)))


def _angles(units: Vector, unit: Vector) -> Vector:
    """Angles from a direction to others, accurate where they are small [shape=(N,)]."""
    apart, along = units - unit, units + unit
    found: Vector = np.arctan2(
        np.sqrt((apart * apart).sum(axis=1)), np.sqrt((along * along).sum(axis=1))
    )
    return 2.0 * found
