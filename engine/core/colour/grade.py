"""What a frame is graded by, and the white balance as a matrix."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.colour.cube import Lut

TONE_MAPS = ("none", "reinhard", "aces", "agx")
D65_XY = (0.3127, 0.3290)
D65_MIRED = 1e6 / 6504.0
TINT_UV = 0.0003
"""Distance in CIE 1960 u, v of one unit of tint."""
# IEC 61966-2-1, with its white of (0.3127, 0.3290).
_XYZ_OF_RGB = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
# Lam, "Metamerism and colour constancy" (Bradford, 1985).
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


class Grade(NamedTuple):
    """What happens to the finished picture, in this order.

    Parameters
    ----------
    exposure
        In stops.
    temperature, tint
        White balance: shift of white in mired, to amber if above 0 · across, to magenta if above 0.
    contrast, saturation
        Power around 18 % grey · 0 is grey, 1 as it was; both in linear light.
    tone_map
        Index into `TONE_MAPS`.
    lut, lut_mix
        A look for display-referred values, and how much of it.
    is_blue
        Whether pictures of 8 bits are dithered with blue noise.
    """

    exposure: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    tone_map: int = 0
    lut_mix: float = 0.0
    lut: Lut | None = None
    is_blue: bool = False

    @property
    def rests(self) -> bool:
        """Whether it changes nothing."""
        return self[:6] == _RESTS and (self.lut is None or self.lut_mix == 0.0)


REST = Grade()
_RESTS = (0.0, 0.0, 0.0, 1.0, 1.0, 0)


@lru_cache(maxsize=64)
def balance(temperature: float, tint: float) -> NDArray[np.float64]:
    """Matrix that gives linear sRGB another white, of the same luminance [shape=(3, 3)].

    White moves from D65 along the Planckian locus by `temperature` mired, and across it by `tint`
    units of `TINT_UV`; everything else follows by the Bradford chromatic adaptation.

    References
    ----------
    Krystek, "An algorithm to calculate correlated colour temperature", Color Research &
    Application 10 (1985). Lindbloom, "Chromatic Adaptation".
    """
    if temperature == 0.0 and tint == 0.0:
        return np.eye(3)
    x, y = D65_XY
    u, v = 4.0 * x / (-2.0 * x + 12.0 * y + 3.0), 6.0 * y / (-2.0 * x + 12.0 * y + 3.0)
    here, there = locus(D65_MIRED), locus(D65_MIRED + temperature)
    near = locus(D65_MIRED + temperature + 1.0)
    along = near[0] - there[0], near[1] - there[1]
    length = math.hypot(*along) / TINT_UV
    u += there[0] - here[0] + tint * along[1] / length
    v += there[1] - here[1] - tint * along[0] / length
    return _from_white(3.0 * u / (2.0 * u - 8.0 * v + 4.0), 2.0 * v / (2.0 * u - 8.0 * v + 4.0))


def locus(mired: float) -> tuple[float, float]:
    """CIE 1960 u, v of a black body."""
    t = 1e6 / mired
    return (
        (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t)
        / (1.0 + 8.42420235e-4 * t + 7.08145163e-7 * t * t),
        (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t)
        / (1.0 - 2.89741816e-5 * t + 1.61456053e-7 * t * t),
    )


def _from_white(x: float, y: float) -> NDArray[np.float64]:
    """Adapt from the white of sRGB to that at x, y."""
    old = _BRADFORD @ _xyz(*D65_XY)
    new = _BRADFORD @ _xyz(x, y)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag(new / old) @ _BRADFORD
    matrix: NDArray[np.float64] = np.linalg.inv(_XYZ_OF_RGB) @ adapt @ _XYZ_OF_RGB
    return matrix


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1.0, (1.0 - x - y) / y])
