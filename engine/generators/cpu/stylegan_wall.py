"""The CPU backend of tiled canvases: both StyleGANs with modulation of their own for each pixel.

The products are the same; pixels are scaled when they are laid into the product's input (with the
other end of a band beside them, where the picture closes) and when its result is finished. It draws
what the networks' own `synthesize` draws with a grid, and faster; see ``bench/wall.py``.
"""

from __future__ import annotations

import numpy as np

from engine.generators.cpu import stylegan2, stylegan3, to_rgb
from engine.generators.cpu.blocks import (
    LANES,
    blocks_of,
    broadcast,
    fill_up,
    from_blocks,
    load,
    store,
    to_blocks,
)
from engine.generators.cpu.compile import Array, compile_loop
from engine.generators.cpu.epilogue import NOTHING, Epilogue, bend_blocks, bend_colours, finish
from engine.generators.cpu.workspace import Workspace, spread
from engine.generators.editing.bend import ActiveBends
from engine.generators.libraries import torch
from engine.generators.networks.style_map import Area, Grid, Size, scale_maps
from engine.generators.networks.stylegan3 import inner_size, rewrap, wave

REACH = 3  # columns of the other end that a layer of StyleGAN2 sees, doubling included
COLOUR_REACH = 2  # of the picture so far, before it is doubled


def render_stylegan2(
    cpu_backend: stylegan2.CpuBackend,
    ws: torch.Tensor,
    noisy: bool,
    strengths: torch.Tensor | None,
    grid: Grid,
    bend: ActiveBends | None = None,
) -> torch.Tensor:
    """Draw a wall of StyleGAN2 [shape=(1, 3, H, W)] from styles on a grid."""
    factors = [1.0] * len(cpu_backend.blocks) if strengths is None else strengths.tolist()
    workspace, x, place = cpu_backend.workspace, cpu_backend.const, 0
    picture = workspace.take("none", 0, 0, 3)
    for index, block in enumerate(cpu_backend.blocks):
        factor = factors[index] if noisy else 0.0
        for part in block.layers:
            x = _layer2(workspace, part, x, ws[:, place], factor, grid, f"x{place % 2}")
            x = bend_blocks(bend, part.layer.name, x, len(part.layer.bias)) if bend else x
            place += 1
        if block.block.colour is not None:
            name = f"picture{index % 2}"
            picture = _colour2(workspace, block, x, ws[:, place], picture, grid, name, bend)
        elif picture.shape[0]:
            raise AssertionError("a picture was begun and is not gone on with")
    return picture.permute(2, 0, 1)[None].clone()


def _lay(
    workspace: Workspace, name: str, x: torch.Tensor, s: torch.Tensor, reach: int
) -> torch.Tensor:
    """Scale a picture (B, H, W, N) into kept memory, `reach` columns of its other end beside it.

    s spreads over it [shape=(H or 1, W or 1, B · N or less)].
    """
    scales = to_blocks(s.permute(2, 0, 1))
    blocks, height, width = len(scales), *x.shape[1:3]
    laid = workspace.take(name, blocks, height, width + 2 * reach, LANES)
    torch.mul(x[:blocks], scales, out=laid[:, :, reach : reach + width])
    if reach:
        _close(laid, reach, width)
    return laid


def _close(x: torch.Tensor, reach: int, width: int) -> None:
    """Lay the other end beside a picture (B, H, W + 2 reach, N) that closes, in place."""
    x[:, :, :reach] = x[:, :, width : width + reach]
    x[:, :, -reach:] = x[:, :, reach : 2 * reach]


def _layer2(
    workspace: Workspace,
    part: stylegan2.Prepared,
    x: torch.Tensor,
    w: torch.Tensor,
    factor: float,
    grid: Grid,
    name: str,
) -> torch.Tensor:
    layer = part.layer
    height, width = x.shape[1:3]
    reach = REACH if grid.closed else 0
    size = (layer.up * height, layer.up * width)
    s, d = scale_maps(layer.conv, w, grid, Area((height, width)), Area(size))
    assert d is not None
    laid = _lay(workspace, "laid", x, s, reach)
    ones = np.ones(blocks_of(layer.conv.weight.shape[1]) * LANES, np.float32)
    raw = stylegan2.apply(workspace, part, laid, ones, _no_epilogue(len(layer.bias)), "raw")
    gains = to_blocks((d * layer.gain).permute(2, 0, 1)).numpy()
    out = workspace.take(name, len(gains), *size, LANES)
    noise = NOTHING
    if layer.noise is not None and factor:
        noise = (layer.noise * (factor * layer.gain)).reshape(-1).numpy()
    bias, activation = fill_up(layer.bias * layer.gain), stylegan2.activation(layer)
    epilogue = (NOTHING, bias, noise, *activation)
    source, target = raw.numpy(), out.numpy()

    def work(_: int, first: int, last: int) -> None:
        _finish_rows(source, layer.up * reach, gains, epilogue, (first, last), target)

    spread(work, size[0])
    return out


def _no_epilogue(channels: int) -> Epilogue:
    """An epilogue that changes nothing."""
    filled = -(-channels // (2 * LANES)) * 2 * LANES
    one, nothing = np.ones(filled, np.float32), np.zeros(filled, np.float32)
    return one, nothing, NOTHING, np.float32(1), np.float32(np.inf)


@compile_loop
def _finish_rows(
    x: Array, edge: int, gains: Array, epilogue: Epilogue, rows: tuple[int, int], out: Array
) -> None:
    """Finish rows [from, to) with a gain of its own for each pixel.

    Parameters
    ----------
    x
        [shape=(B, H, W + 2 edge, LANES)]
    gains
        [shape=(B, H or 1, W or 1, LANES)]
    epilogue
        See `Epilogue`; its gain is not read.
    out
        [shape=(B, H, W, LANES)]
    """
    blocks, height, width = out.shape[:3]
    flat_x, flat_gains, flat = x.reshape(x.size), gains.reshape(gains.size), out.reshape(out.size)
    tall, broad = min(gains.shape[1] - 1, 1), min(gains.shape[2] - 1, 1)
    noise = epilogue[2]
    step = 0 if noise.size == 1 else 1
    for block in range(blocks):
        bias = load(epilogue[1], block * LANES)
        for i in range(rows[0], rows[1]):
            at = ((block * height + i) * x.shape[2] + edge) * LANES
            gain = (block * gains.shape[1] + i * tall) * gains.shape[2] * LANES
            to = (block * height + i) * width * LANES
            for j in range(width):
                more = broadcast(noise, (i * width + j) * step)
                factor = load(flat_gains, gain + j * broad * LANES)
                value = finish(load(flat_x, at + j * LANES), factor, bias, more, epilogue)
                store(flat, to + j * LANES, value)


def _colour2(
    workspace: Workspace,
    block: stylegan2.PreparedBlock,
    x: torch.Tensor,
    w: torch.Tensor,
    picture: torch.Tensor,
    grid: Grid,
    name: str,
    bend: ActiveBends | None,
) -> torch.Tensor:
    colour = block.block.colour
    assert colour is not None
    height, width = x.shape[1:3]
    reach = COLOUR_REACH if grid.closed and picture.shape[0] else 0
    s, _ = scale_maps(colour.conv, w, grid, Area((height, width)))
    laid = _lay(workspace, "laid", x, s, 2 * reach)
    wide = stylegan2.draw_colours(workspace, laid, colour.conv.weight[:, :, 0, 0], "colours")
    channels = wide.shape[2]
    before = picture
    if reach:
        before = workspace.take("before colours", height // 2, width // 2 + 2 * reach, channels)
        before[:, reach:-reach] = picture
        _close(before[None], reach, width // 2)
    bias, clamp = bend_colours(bend, colour, wide[:, 2 * reach : 2 * reach + width])
    row = workspace.take("row", (wide.shape[1] + 4) * channels)
    to_rgb.add_upsampled(before.numpy(), block.taps, bias, clamp, wide.numpy(), row.numpy())
    out = workspace.take(name, height, width, channels)
    out.copy_(wide[:, 2 * reach : 2 * reach + width])
    return out


def render_stylegan3(
    cpu_backend: stylegan3.CpuBackend,
    ws: torch.Tensor,
    transform: torch.Tensor | None,
    grid: Grid,
    bend: ActiveBends | None = None,
) -> torch.Tensor:
    """Draw a wall of StyleGAN3 [shape=(1, 3, H, W)] from styles on a grid."""
    waves = cpu_backend.waves
    mean = ws[:, 0].mean(0, keepdim=True)
    first = wave(waves, mean, transform, grid.closed)
    x = to_blocks((bend("input", first) if bend else first)[0])
    rate = waves.rate
    for place, part in enumerate(cpu_backend.layers, 1):
        x = _layer3(cpu_backend.workspace, part, x, ws[:, place], grid, inner_size(waves, rate))
        rate *= part.layer.up / part.layer.down
        if grid.closed:
            rewrap(x.permute(0, 3, 1, 2), inner_size(waves, rate)[1])
        x = bend_blocks(bend, part.layer.name, x, len(part.layer.bias)) if bend else x
    picture = from_blocks(x, len(cpu_backend.layers[-1].layer.bias))
    return (picture * cpu_backend.output_scale)[None]


def _layer3(
    workspace: Workspace,
    part: stylegan3.Prepared,
    x: torch.Tensor,
    w: torch.Tensor,
    grid: Grid,
    inner: Size,
) -> torch.Tensor:
    layer = part.layer
    height, width = x.shape[1:3]
    grown = layer.conv.weight.shape[-1] - 1
    into, out = Area((height, width), inner), Area((height + grown, width + grown), inner)
    s, d = scale_maps(layer.conv, w, grid, into, out)
    laid = _lay(workspace, "laid", x, layer.gained(s), 0)
    bias, ones = fill_up(layer.bias), np.ones(blocks_of(s.shape[2]) * LANES, np.float32)
    y = stylegan3.convolve_layer(workspace, part, laid, ones, len(bias))
    if part.plan is None:
        return stylegan3.finish_colours(y, layer, bias)
    assert d is not None
    y[: blocks_of(d.shape[2])] *= to_blocks(d.permute(2, 0, 1))
    one = np.ones(len(bias), np.float32)
    return stylegan3.filter_layer(workspace, part.plan, y, one, bias, len(layer.bias))
