"""Resampling of pictures: up, filter, down, without ever storing the inserted zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Padding = tuple[int, int, int, int]  # left, right, top, bottom; negative crops


def resample(
    x: torch.Tensor, taps: torch.Tensor, up: int, down: int, padding: Padding
) -> torch.Tensor:
    """Insert `up - 1` zeros behind each sample, pad, convolve with `taps`, keep every `down`-th.

    Parameters
    ----------
    x
        [shape=(N, C, H, W)]
    taps
        A separable filter [shape=(T,)] that serves both axes, or a plane [shape=(T, T)]. The
        convolution is a true one: taps are mirrored.
    padding
        In samples after the zeros were inserted.
    """
    taps = taps.to(x.dtype)
    if taps.ndim == 2:
        return _along(x, taps, (up, up), (down, down), padding)
    left, right, top, bottom = padding
    x = _along(x, taps[None, :], (1, up), (1, down), (left, right, 0, 0))
    return _along(x, taps[:, None], (up, 1), (down, 1), (0, 0, top, bottom))


def _along(
    x: torch.Tensor,
    taps: torch.Tensor,
    up: tuple[int, int],
    down: tuple[int, int],
    padding: Padding,
) -> torch.Tensor:
    """Filter with a plane of taps; factors are (along columns, along rows)."""
    from torch.nn import functional

    rows, columns = taps.shape
    channels = x.shape[1]
    left, right, top, bottom = padding
    kernel = taps.expand(channels, 1, rows, columns)
    if up == (1, 1):
        x = functional.pad(x, (left, right, top, bottom))
        return functional.conv2d(x, kernel.flip(2, 3), stride=down, groups=channels)
    height, width = x.shape[2:]
    # The transposed convolution gives the full convolution of the spread signal from its first
    # sample on; what was asked for is a window of it.
    x = functional.conv_transpose2d(x, kernel, stride=up, groups=channels)
    across = width * up[1] + left + right - columns + 1
    along = height * up[0] + top + bottom - rows + 1
    first_x, first_y = columns - 1 - left, rows - 1 - top
    window = (-first_x, first_x + across - x.shape[3], -first_y, first_y + along - x.shape[2])
    x = functional.pad(x, window)
    return x if down == (1, 1) else x[:, :, :: down[0], :: down[1]]


def double(x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Enlarge pictures twice along both axes; a filter of unit sum keeps their brightness."""
    n = taps.shape[-1]
    before, after = (n + 1) // 2, (n - 2) // 2
    gain = 4.0 if taps.ndim == 2 else 2.0
    return resample(x, taps * gain, 2, 1, (before, after, before, after))
