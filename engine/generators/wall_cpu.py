"""Walls on the CPU: the compiled paths of both StyleGANs with a scale of their own for each pixel.

The products are the same; pixels are scaled when they are laid into the product's input (with the
other end of a band beside them, where the picture closes) and when its result is finished. It draws
what the networks' own `synthesize` draws with a grid, and faster; see ``bench/wall.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.generators import stylegan2_cpu, stylegan3_cpu
from engine.generators.convolution import NOTHING, convolve
from engine.generators.kernels import Array, Scalar, compile_loop, finish
from engine.generators.modulation import Modulated
from engine.generators.scratch import Scratch, spread
from engine.generators.stylegan3_network import inner_size, wave
from engine.generators.stylemap import Grid, Size
from engine.generators.stylemap import spread as interpolate

if TYPE_CHECKING:
    import torch

REACH = 3  # columns of the other end that a layer of StyleGAN2 sees, doubling included
COLOUR_REACH = 2  # of the picture so far, before it is doubled


def paint2(
    painter: stylegan2_cpu.Painter,
    ws: torch.Tensor,
    noisy: bool,
    strengths: torch.Tensor | None,
    grid: Grid,
) -> torch.Tensor:
    """Draw a wall of StyleGAN2 [shape=(1, 3, H, W)] from styles on a grid."""
    factors = [1.0] * len(painter.blocks) if strengths is None else strengths.tolist()
    scratch, x, place = painter.scratch, painter.const, 0
    picture = scratch.take("none", 0, 0, 3)
    for index, block in enumerate(painter.blocks):
        factor = factors[index] if noisy else 0.0
        for part in block.layers:
            x = _layer2(scratch, part, x, ws[:, place], factor, grid, f"x{place % 2}")
            place += 1
        if block.block.colour is not None:
            name = f"picture{index % 2}"
            picture = _colour2(scratch, block, x, ws[:, place], picture, grid, name)
        elif picture.shape[0]:
            raise AssertionError("a picture was begun and is not gone on with")
    return picture.permute(2, 0, 1)[None].clone()


def _scales(conv: Modulated, w: torch.Tensor, grid: Grid, size: Size, inner: Size) -> torch.Tensor:
    return conv.finish(interpolate(conv.affine(w), grid, size, inner))[0]


def _out_scales(
    conv: Modulated, w: torch.Tensor, grid: Grid, size: Size, inner: Size
) -> torch.Tensor:
    found = conv.finish(interpolate(conv.affine(w), grid, size, inner))[1]
    assert found is not None
    return found


def _lay(scratch: Scratch, name: str, x: torch.Tensor, s: torch.Tensor, reach: int) -> torch.Tensor:
    """Scale a picture (H, W, C) into kept memory, `reach` columns of its other end beside it."""
    import torch

    height, width, channels = x.shape
    laid = scratch.take(name, height, width + 2 * reach, channels)
    torch.mul(x, s, out=laid[:, reach : reach + width])
    if reach:
        laid[:, :reach] = laid[:, width : width + reach]
        laid[:, -reach:] = laid[:, reach : 2 * reach]
    return laid


def _layer2(
    scratch: Scratch,
    part: stylegan2_cpu.Prepared,
    x: torch.Tensor,
    w: torch.Tensor,
    factor: float,
    grid: Grid,
    name: str,
) -> torch.Tensor:
    layer = part.layer
    height, width, inputs = x.shape
    reach = REACH if grid.closed else 0
    s = _scales(layer.conv, w, grid, (height, width), (height, width))
    laid = _lay(scratch, "laid", x, s, reach)
    size = (layer.up * height, layer.up * width)
    outputs = len(layer.bias)
    raw = scratch.take("raw", size[0], size[1] + 2 * layer.up * reach, outputs)
    ending = (_ones(outputs), _zeros(outputs), NOTHING, np.float32(1), np.float32(np.inf))
    if part.taps is None:
        convolve(scratch, part.matrices, laid, _ones(inputs), 1, ending, raw)
    else:
        import torch

        stylegan2_cpu._double(scratch, part, laid, torch.ones(inputs), ending, raw)
    d = _out_scales(layer.conv, w, grid, size, size) * layer.gain
    out = scratch.take(name, *size, outputs)
    noise = NOTHING
    if layer.noise is not None and factor:
        noise = (layer.noise * (factor * layer.gain)).numpy()
    slope = np.float32(0.2 if layer.activation == "lrelu" else 1.0)
    clamp = np.float32(np.inf if layer.clamp is None else layer.clamp)
    source, target, gains = raw.numpy(), out.numpy(), d.contiguous().numpy()
    bias = (layer.bias * layer.gain).numpy()

    def work(_: int, first: int, last: int) -> None:
        _finish_rows(
            source, layer.up * reach, gains, bias, noise, slope, clamp, (first, last), target
        )

    spread(work, size[0])
    return out


@compile_loop
def _finish_rows(
    x: Array,
    edge: int,
    gains: Array,
    bias: Array,
    noise: Array,
    slope: Scalar,
    clamp: Scalar,
    rows: tuple[int, int],
    out: Array,
) -> None:
    """Finish rows [from, to) with a gain of its own for each pixel.

    Parameters
    ----------
    x
        [shape=(H, W + 2 edge, C)]
    gains
        [shape=(H or 1, W or 1, C)]
    noise
        [shape=(H, W)], or (1, 1) for none.
    out
        [shape=(H, W, C)]
    """
    tall, broad = gains.shape[0] > 1, gains.shape[1] > 1
    is_noisy = noise.shape[0] == out.shape[0] and noise.shape[1] == out.shape[1]
    for i in range(rows[0], rows[1]):
        for j in range(out.shape[1]):
            more: Scalar = noise[i, j] if is_noisy else np.float32(0)
            gain = gains[i if tall else 0, j if broad else 0]
            finish(out[i, j], x[i, j + edge], gain, bias, more, slope, clamp)


def _colour2(
    scratch: Scratch,
    block: stylegan2_cpu.PreparedBlock,
    x: torch.Tensor,
    w: torch.Tensor,
    picture: torch.Tensor,
    grid: Grid,
    name: str,
) -> torch.Tensor:
    import torch

    from engine.generators import doubling

    colour = block.block.colour
    assert colour is not None
    height, width, inputs = x.shape
    reach = COLOUR_REACH if grid.closed and picture.shape[0] else 0
    s = _scales(colour.conv, w, grid, (height, width), (height, width))
    laid = _lay(scratch, "laid", x, s, 2 * reach)
    matrix = colour.conv.weight[:, :, 0, 0].T
    channels = matrix.shape[1]
    wide = scratch.take("colours", height, width + 4 * reach, channels)
    torch.mm(laid.view(-1, inputs), matrix, out=wide.view(-1, channels))
    before = picture
    if reach:
        one = picture.new_ones(1)
        before = _lay(scratch, "before colours", picture, one, reach)
    clamp = np.float32(np.inf if colour.clamp is None else colour.clamp)
    row = scratch.take("row", (wide.shape[1] + 4) * channels)
    doubling.add_doubled(
        before.numpy(), block.taps, colour.bias.numpy(), clamp, wide.numpy(), row.numpy()
    )
    out = scratch.take(name, height, width, channels)
    out.copy_(wide[:, 2 * reach : 2 * reach + width])
    return out


def paint3(
    painter: stylegan3_cpu.Painter, ws: torch.Tensor, transform: torch.Tensor | None, grid: Grid
) -> torch.Tensor:
    """Draw a wall of StyleGAN3 [shape=(1, 3, H, W)] from styles on a grid."""
    waves = painter.waves
    mean = ws[:, 0].mean(0, keepdim=True)
    x = wave(waves, mean, transform, grid.closed)[0].permute(1, 2, 0).contiguous()
    rate = waves.rate
    for place, part in enumerate(painter.layers, 1):
        x = _layer3(painter.scratch, part, x, ws[:, place], grid, inner_size(waves, rate))
        rate *= part.layer.up / part.layer.down
        if grid.closed:
            _rewrap(x, inner_size(waves, rate)[1])
    return (x * painter.output_scale).permute(2, 0, 1)[None]


def _layer3(
    scratch: Scratch,
    part: stylegan3_cpu.Prepared,
    x: torch.Tensor,
    w: torch.Tensor,
    grid: Grid,
    inner: Size,
) -> torch.Tensor:
    import torch

    layer = part.layer
    height, width, inputs = x.shape
    s = _scales(layer.conv, w, grid, (height, width), inner) * layer.gain
    laid = _lay(scratch, "laid", x, s, 0)
    y = stylegan3_cpu._convolve(scratch, part, laid, torch.ones(inputs))
    if part.plan is None:
        y += layer.bias
        return y if layer.clamp is None else y.clamp_(-layer.clamp, layer.clamp)
    y *= _out_scales(layer.conv, w, grid, (y.shape[0], y.shape[1]), inner)
    return stylegan3_cpu._filter(scratch, part.plan, y, torch.ones(y.shape[2]), layer.bias)


def _rewrap(x: torch.Tensor, inner: int) -> None:
    """Make both margins of a band (H, W, C) what lies on the other side, in place."""
    margin = (x.shape[1] - inner) // 2
    if margin > 0:
        x[:, :margin] = x[:, inner : inner + margin]
        x[:, -margin:] = x[:, margin : 2 * margin]


def _ones(count: int) -> Array:
    return np.ones(count, np.float32)


def _zeros(count: int) -> Array:
    return np.zeros(count, np.float32)
