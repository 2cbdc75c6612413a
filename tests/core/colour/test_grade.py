"""White balance against colour-science."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.core.colour.grade import D65_MIRED, D65_XY, TINT_UV, Grade, balance, locus

MIREDS = (-100.0, -40.0, 10.0, 100.0)


def test_at_rest_nothing_changes() -> None:
    assert (balance(0.0, 0.0) == np.eye(3)).all()
    assert Grade().rests
    assert Grade(lut_mix=1.0).rests
    assert not Grade(exposure=0.1).rests
    assert np.abs(balance(1e-7, 0.0) - np.eye(3)).max() < 1e-6


def test_warm_is_more_red_and_magenta_is_less_green() -> None:
    white = np.ones(3)
    red, green, blue = balance(60.0, 0.0) @ white
    assert red > green > blue
    red, green, blue = balance(0.0, 60.0) @ white
    assert green < min(red, blue)


def test_white_keeps_its_luminance() -> None:
    for mired in MIREDS:
        for tint in (-100.0, 0.0, 50.0):
            luminance = np.array([0.2126, 0.7152, 0.0722]) @ balance(mired, tint) @ np.ones(3)
            assert abs(luminance - 1.0) < 1e-4


def test_the_locus_is_krysteks(colour: Any) -> None:
    for mired in MIREDS:
        wanted = colour.temperature.CCT_to_uv_Krystek1985(1e6 / (D65_MIRED + mired))
        assert np.allclose(locus(D65_MIRED + mired), wanted, atol=1e-9)


@pytest.mark.parametrize("mired", MIREDS)
@pytest.mark.parametrize("tint", [-100.0, 0.0, 30.0])
def test_the_matrix_is_bradfords(colour: Any, mired: float, tint: float) -> None:
    """The same white by colour-science's matrices, within 0.1 % of every entry's scale."""
    uv = colour.temperature.CCT_to_uv_Krystek1985
    here, there, near = (uv(1e6 / (D65_MIRED + m)) for m in (0.0, mired, mired + 1.0))
    along = (near - there) / np.linalg.norm(near - there)
    white_uv = colour.models.UCS_uv_to_xy(
        colour.models.xy_to_UCS_uv(np.array(D65_XY))
        + there - here + TINT_UV * tint * np.array([along[1], -along[0]])
    )  # fmt: skip
    white = colour.xy_to_XYZ(white_uv)
    adapt = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        colour.xy_to_XYZ(np.array(D65_XY)), white, transform="Bradford"
    )
    srgb = colour.RGB_COLOURSPACES["sRGB"]
    wanted = srgb.matrix_XYZ_to_RGB @ adapt @ srgb.matrix_RGB_to_XYZ
    assert np.abs(balance(mired, tint) - wanted).max() < 2e-3
