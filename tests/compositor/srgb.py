"""The sRGB curves as they are defined (IEC 61966-2-1), in float64."""

from __future__ import annotations

from typing import Any

import numpy as np


def decode(c: Any) -> Any:
    """Light of code values; below 0 it is a line, as it is close to 0."""
    c = np.asarray(c, np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((np.maximum(c, 0.0) + 0.055) / 1.055) ** 2.4)


def encode(x: Any) -> Any:
    """Code values of light."""
    x = np.asarray(x, np.float64)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
