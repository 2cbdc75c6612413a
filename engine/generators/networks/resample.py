"""Resampling of pictures: up, filter, down, without ever storing the inserted zeros."""

from __future__ import annotations

from dataclasses import dataclass

from engine.generators.libraries import functional, torch

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
    rows, columns = taps.shape
    channels = x.shape[1]
    left, right, top, bottom = padding
    kernel = taps.expand(channels, 1, rows, columns)
    if up == (1, 1):
        x = functional.pad(x, padding) if any(padding) else x  # torch copies for padding by 0, too
        return functional.conv2d(x, kernel.flip(2, 3), stride=down, groups=channels)
    height, width = x.shape[2:]
    # The transposed convolution gives the full convolution of the spread signal from its first
    # sample on; what was asked for is a window of it.
    x = functional.conv_transpose2d(x, kernel, stride=up, groups=channels)
    across = width * up[1] + left + right - columns + 1
    along = height * up[0] + top + bottom - rows + 1
    first_x, first_y = columns - 1 - left, rows - 1 - top
    window = (-first_x, first_x + across - x.shape[3], -first_y, first_y + along - x.shape[2])
    x = functional.pad(x, window) if any(window) else x
    return x if down == (1, 1) else x[:, :, :: down[0], :: down[1]]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a filter over every channel, ready to be made.

    Parameters
    ----------
    taps
        [shape=(C, 1, h, w)], as torch's convolutions want them.
    stride
        Along columns and rows; what is made larger or smaller.
    cut, more
        Of a pass that enlarges: what is left out at both ends, and taken in at the last one again.
    """

    taps: torch.Tensor
    stride: tuple[int, int]
    cut: tuple[int, int] = (0, 0)
    more: tuple[int, int] = (0, 0)

    def enlarge(self, x: torch.Tensor) -> torch.Tensor:
        """Enlarge x [shape=(N, C, H, W)]."""
        return functional.conv_transpose2d(
            x, self.taps, None, self.stride, self.cut, self.more, len(self.taps)
        )

    def reduce(self, x: torch.Tensor) -> torch.Tensor:
        """Reduce x [shape=(N, C, H, W)]; what is `cut` of an enlarging one is padded here."""
        return functional.conv2d(x, self.taps, None, self.stride, self.cut, groups=len(self.taps))


def is_binomial(taps: torch.Tensor) -> bool:
    """Whether taps are the plane of [1, 3, 3, 1] / 8, which averages of two make in three steps."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], device=taps.device) / 8
    return taps.shape == (4, 4) and bool(torch.allclose(taps, torch.outer(line, line), atol=1e-7))


def average(x: torch.Tensor) -> torch.Tensor:
    """Filter with the plane of [1, 3, 3, 1] / 8, on a border of one zero: one row less, and column.

    On a GPU three averages are quicker than one filter of four by four taps in every channel.
    """
    x = functional.avg_pool2d(x, 2, 1, padding=1)
    return functional.avg_pool2d(functional.avg_pool2d(x, 2, 1), 2, 1)


def enlarging(
    taps: torch.Tensor, channels: int, up: int, padding: Padding, gain: float = 1.0
) -> tuple[Pass, ...] | None:
    """Prepare `resample` without `down`, times `gain`; its window is cut inside the convolution.

    Returns
    -------
    tuple
        One pass for a plane of taps, two for separable ones; None where torch cannot cut like that.
    """
    left, right, top, bottom = padding
    if taps.ndim == 2:
        axes = [(taps * gain, (top, bottom), (left, right), (up, up))]
    else:
        half = taps * gain**0.5
        axes = [(half[None, :], (0, 0), (left, right), (1, up)),
                (half[:, None], (top, bottom), (0, 0), (up, 1))]  # fmt: skip
    found = []
    for plane, down, across, stride in axes:
        high = _window(plane.shape[0], stride[0], *down)
        wide = _window(plane.shape[1], stride[1], *across)
        if high is None or wide is None:
            return None
        taps = _spread(plane, channels, (high[2], wide[2]))
        found.append(Pass(taps, stride, (high[0], wide[0]), (high[1], wide[1])))
    return tuple(found)


def reducing(taps: torch.Tensor, channels: int, down: int) -> tuple[Pass, ...]:
    """Prepare `resample` without `up` and padding."""
    if taps.ndim == 2:
        return (Pass(_spread(taps.flip(0, 1), channels), (down, down)),)
    line = taps.flip(0)
    return (
        Pass(_spread(line[None, :], channels), (1, down)),
        Pass(_spread(line[:, None], channels), (down, 1)),
    )


def _window(count: int, up: int, before: int, after: int) -> tuple[int, int, int] | None:
    """Window of a full transposed convolution by `count` taps: cut at both ends, more at the last.

    Third, zeros that go before the taps, so that no less is cut at the first end than at the last.
    """
    first, last = count - 1 - before, count - up - after
    lead = max(last - first, 0)
    more = first + lead - last
    return None if last < 0 or first < 0 or more >= max(up, 1) else (first + lead, more, lead)


def _spread(plane: torch.Tensor, channels: int, lead: tuple[int, int] = (0, 0)) -> torch.Tensor:
    """Lay a plane of taps out for every channel, zeros before it."""
    rows, columns = lead[0] + plane.shape[0], lead[1] + plane.shape[1]
    taps = plane.new_zeros(channels, 1, rows, columns)
    taps[:, 0, lead[0] :, lead[1] :] = plane
    return taps


def double(x: torch.Tensor, taps: torch.Tensor, binomial: bool = False) -> torch.Tensor:
    """Enlarge pictures twice along both axes; a filter of unit sum keeps their brightness.

    [1, 3, 3, 1] is what bilinear interpolation does, on black: for it every library is quick.
    """
    if binomial:
        x = functional.pad(x, (1, 1, 1, 1))
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return x[:, :, 2:-2, 2:-2]
    n = taps.shape[-1]
    before, after = (n + 1) // 2, (n - 2) // 2
    gain = 4.0 if taps.ndim == 2 else 2.0
    return resample(x, taps * gain, 2, 1, (before, after, before, after))
