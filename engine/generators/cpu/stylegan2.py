"""The CPU backend of StyleGAN2: channels in blocks, one workspace, epilogues fused.

It draws what `networks.stylegan2.synthesize` draws, and faster; see ``bench/stylegan.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.generators.cpu import to_rgb, upsample, winograd
from engine.generators.cpu.blocks import LANES, blocks_of, fill_up, to_blocks
from engine.generators.cpu.compile import Array, is_compiled
from engine.generators.cpu.conv import TILES, convolve, convolve_up
from engine.generators.cpu.epilogue import NOTHING, Epilogue, bend_blocks, bend_colours
from engine.generators.cpu.matmul import mix_again
from engine.generators.cpu.upsample import Taps
from engine.generators.cpu.workspace import Workspace, spread, thread_count
from engine.generators.editing.bend import ActiveBends
from engine.generators.libraries import torch
from engine.generators.networks.stylegan2 import Block, Colour, Layer, Synthesis


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer with its weight as 36 or 64 packed matrices and its filter split."""

    layer: Layer
    matrices: torch.Tensor
    taps: Taps | None


@dataclass(frozen=True, slots=True)
class PreparedBlock:
    """A block, its layers prepared, and the filter of the picture."""

    block: Block
    layers: tuple[Prepared, ...]
    taps: Taps


@dataclass(frozen=True, slots=True)
class CpuBackend:
    """A network prepared for this path, and its memory."""

    const: torch.Tensor
    blocks: tuple[PreparedBlock, ...]
    workspace: Workspace


def prepare(network: Synthesis) -> CpuBackend | None:
    """Prepare a network; None where this path does not serve it (torch draws it then)."""
    if not is_compiled() or network.const.device.type != "cpu":
        return None
    shape = (network.const.shape[1], network.const.shape[2])
    fitting = []
    for block in network.blocks:
        grown = math.prod(layer.up for layer in block.layers)
        shape = (grown * shape[0], grown * shape[1])
        prepared = _prepare_block(block, shape)
        if prepared is None:
            return None
        fitting.append(prepared)
    return CpuBackend(to_blocks(network.const), tuple(fitting), Workspace())


def renew(block: PreparedBlock) -> None:
    """Prepare again what was prepared from weights that are others now, where it lies."""
    for part in block.layers:
        mix_again(part.layer.conv.weight, _mixture(part), part.matrices)


def _mixture(part: Prepared) -> NDArray[np.float64]:
    if part.taps is not None:
        return upsample.mixture()
    return winograd.mixture(TILES[len(part.matrices)])


def render(
    cpu_backend: CpuBackend,
    ws: torch.Tensor,
    noisy: bool,
    strengths: torch.Tensor | None,
    bend: ActiveBends | None = None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as [shape=(N, 3, H, W)]; see `synthesize`."""
    factors = [1.0] * len(cpu_backend.blocks) if strengths is None else strengths.tolist()
    factors = factors if noisy else [0.0] * len(cpu_backend.blocks)
    # Every picture is painted into the same memory.
    pictures = [_render_one(cpu_backend, w, factors, bend).permute(2, 0, 1).clone() for w in ws]
    return torch.stack(pictures)


def _render_one(
    cpu_backend: CpuBackend, ws: torch.Tensor, factors: list[float], bend: ActiveBends | None
) -> torch.Tensor:
    workspace = cpu_backend.workspace
    x = cpu_backend.const
    picture = x.new_zeros(0, 0, 3)
    place = 0
    for index, prepared in enumerate(cpu_backend.blocks):
        for part in prepared.layers:
            x = _apply(workspace, part, x, ws[place], factors[index], f"x{place % 2}")
            x = bend_blocks(bend, part.layer.name, x, len(part.layer.bias)) if bend else x
            place += 1
        if prepared.block.colour is not None:
            name = f"picture{index % 2}"
            picture = _colour(
                workspace, prepared.block.colour, x, ws[place], picture, prepared.taps, name, bend
            )
    return picture


def _apply(
    workspace: Workspace, part: Prepared, x: torch.Tensor, w: torch.Tensor, factor: float, name: str
) -> torch.Tensor:
    layer = part.layer
    scales, demodulation = layer.conv.scales(w[None])
    assert demodulation is not None
    gain, bias = fill_up(demodulation[0] * layer.gain), fill_up(layer.bias * layer.gain)
    noise = NOTHING
    if layer.noise is not None and factor:
        noise = (layer.noise * (factor * layer.gain)).reshape(-1).numpy()
    epilogue = (gain, bias, noise, *activation(layer))
    return apply(workspace, part, x, fill_up(scales[0]), epilogue, name)


def activation(layer: Layer) -> tuple[np.float32, np.float32]:
    """Slope and clamp of a layer."""
    slope = np.float32(0.2 if layer.activation == "lrelu" else 1.0)
    return slope, np.float32(np.inf if layer.clamp is None else layer.clamp)


def apply(
    workspace: Workspace,
    part: Prepared,
    x: torch.Tensor,
    scales: Array,
    epilogue: Epilogue,
    name: str,
) -> torch.Tensor:
    """Convolve ``scales · x`` [shape=(B, H, W, LANES)], doubled if the layer does, and finish."""
    if part.taps is None:
        return convolve(workspace, part.matrices, x, scales, 1, epilogue, name)
    return convolve_up(workspace, part.matrices, part.taps, x, scales, epilogue, name)


def _colour(
    workspace: Workspace,
    colour: Colour,
    x: torch.Tensor,
    w: torch.Tensor,
    picture: torch.Tensor,
    taps: Taps,
    name: str,
    bend: ActiveBends | None,
) -> torch.Tensor:
    s, _ = colour.conv.scales(w[None])
    out = draw_colours(workspace, x, colour.conv.weight[:, :, 0, 0] * s[0], name)
    bias, clamp = bend_colours(bend, colour, out)
    row = workspace.take("row", (out.shape[1] + 4) * out.shape[2])
    to_rgb.add_upsampled(picture.numpy(), taps, bias, clamp, out.numpy(), row.numpy())
    return out


def draw_colours(
    workspace: Workspace, x: torch.Tensor, weight: torch.Tensor, name: str
) -> torch.Tensor:
    """Mix channels with a weight [shape=(3, C)] into kept memory [shape=(H, W, 3)]."""
    height, width = x.shape[1:3]
    whole = np.stack([fill_up(row) for row in weight])[:, : blocks_of(weight.shape[1]) * LANES]
    whole = np.ascontiguousarray(whole)
    out = workspace.take(name, height, width, len(whole))
    own = workspace.take("own", thread_count(), to_rgb.workspace_size(len(whole))).numpy()
    numbers, flat = x.numpy().reshape(-1), out.numpy().reshape(-1, len(whole))

    def work(thread: int, first: int, last: int) -> None:
        to_rgb.draw(numbers, whole, (first, last), height * width, flat, own[thread])

    spread(work, height * width)
    return out


def _prepare_block(block: Block, shape: tuple[int, int]) -> PreparedBlock | None:
    taps = upsample.separate(block.taps)
    layers = [_prepare_layer(layer, shape) for layer in block.layers]
    fitting = tuple(layer for layer in layers if layer is not None)
    if taps is None or block.skip is not None or block.half or len(fitting) < len(layers):
        return None
    return PreparedBlock(block, fitting, taps)


def _prepare_layer(layer: Layer, shape: tuple[int, int]) -> Prepared | None:
    weight = layer.conv.weight
    if layer.activation not in ("lrelu", "linear") or weight.shape[-1] != 3:
        return None
    if layer.up == 1:
        return Prepared(layer, winograd.transform_weight(weight, winograd.tile_for(*shape)), None)
    taps = None if layer.taps is None else upsample.separate(layer.taps)
    if taps is None:
        return None
    return Prepared(layer, upsample.transform_weight(weight), taps)
