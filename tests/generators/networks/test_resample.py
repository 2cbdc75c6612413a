"""Filters made ready are the filters that `resample` makes, window for window."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.generators.networks.resample import (
    average,
    double,
    enlarging,
    is_binomial,
    reducing,
    resample,
)

LINE = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
BINOMIAL = torch.outer(LINE, LINE)
sides = st.integers(-3, 14)


def picture(channels: int = 3, height: int = 9, width: int = 7) -> torch.Tensor:
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(3))


@given(
    count=st.integers(1, 13),
    up=st.sampled_from([1, 2, 4]),
    padding=st.tuples(sides, sides, sides, sides),
    is_plane=st.booleans(),
)
def test_enlarging_is_resampling_or_is_refused(
    count: int, up: int, padding: tuple[int, int, int, int], is_plane: bool
) -> None:
    x = picture()
    taps = torch.randn(count, generator=torch.Generator().manual_seed(count))
    taps = torch.outer(taps, taps.flip(0)) if is_plane else taps
    height, width = (
        n * up + a + b - count + 1
        for n, a, b in zip((9, 7), padding[2::-2], padding[3::-2], strict=True)
    )
    passes = enlarging(taps, 3, up, padding, gain=2.0)
    if passes is None or min(height, width) < 1:
        return
    wanted = resample(x, taps, up, 1, padding) * 2.0
    for each in passes:
        x = each.enlarge(x)
    assert x.shape == wanted.shape
    assert torch.allclose(x, wanted, atol=1e-4)


@pytest.mark.parametrize("padding", [(9, 8, 9, 8), (8, 8, 8, 8), (9, 9, 9, 9), (7, 6, 7, 6)])
def test_the_windows_of_real_networks_are_cut_in_the_convolution(
    padding: tuple[int, int, int, int],
) -> None:
    assert enlarging(torch.ones(12), 3, 2, padding) is not None


@given(count=st.integers(1, 7), down=st.sampled_from([1, 2, 4]), is_plane=st.booleans())
def test_reducing_is_resampling(count: int, down: int, is_plane: bool) -> None:
    x = picture()
    taps = torch.randn(count, generator=torch.Generator().manual_seed(count))
    taps = torch.outer(taps, taps.flip(0)) if is_plane else taps
    wanted = resample(x, taps, 1, down, (0, 0, 0, 0))
    for each in reducing(taps, 3, down):
        x = each.reduce(x)
    assert torch.allclose(x, wanted, atol=1e-5)


def test_three_averages_are_the_filter_of_a_doubling() -> None:
    wanted = resample(picture(), BINOMIAL, 1, 1, (1, 1, 1, 1))
    assert torch.allclose(average(picture()), wanted, atol=1e-6)


def test_interpolation_is_the_doubling_of_pictures() -> None:
    assert torch.allclose(double(picture(), BINOMIAL, True), double(picture(), BINOMIAL), atol=1e-6)


def test_only_the_plane_of_1331_is_binomial() -> None:
    assert is_binomial(BINOMIAL)
    assert not is_binomial(LINE)
    assert not is_binomial(BINOMIAL * 2)
    assert not is_binomial(torch.outer(LINE.roll(1), LINE))
