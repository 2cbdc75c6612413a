"""The CPU backend of StyleGAN3: channels in blocks, one workspace, fused filtered activations.

It draws what `networks.stylegan3.synthesize` draws, and faster; see ``bench/stylegan.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.generators.cpu import filtered_lrelu, winograd
from engine.generators.cpu.blocks import LANES, blocks_of, fill_up, from_blocks, to_blocks
from engine.generators.cpu.compile import Array, is_compiled
from engine.generators.cpu.conv import TILES, convolve
from engine.generators.cpu.epilogue import NOTHING, bend_blocks
from engine.generators.cpu.filtered_lrelu import Plan, make_plan
from engine.generators.cpu.matmul import mix_again, pack, project
from engine.generators.cpu.workspace import Workspace, spread, thread_count
from engine.generators.editing.bend import ActiveBends
from engine.generators.libraries import torch
from engine.generators.networks.stylegan3 import Layer, Synthesis, Waves, wave


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer, its weight as matrices [shape=(36 or 1, O, I)], and the plan of its filters.

    A layer without filters has no plan: it draws the colours.
    """

    layer: Layer
    matrices: torch.Tensor
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class CpuBackend:
    """A network prepared for this path, and its memory."""

    waves: Waves
    layers: tuple[Prepared, ...]
    output_scale: float
    workspace: Workspace


def prepare(network: Synthesis) -> CpuBackend | None:
    """Prepare a network; None where this path does not serve it (torch draws it then)."""
    if not is_compiled() or network.waves.points.device.type != "cpu":
        return None
    shape = (network.waves.points.shape[0], network.waves.points.shape[1])
    layers = []
    for layer in network.layers:
        grown = layer.conv.weight.shape[-1] - 1
        prepared = _prepare_layer(layer, (shape[0] + grown, shape[1] + grown))
        if prepared is None:
            return None
        shape = shape if prepared.plan is None else prepared.plan.out_shape
        layers.append(prepared)
    return CpuBackend(network.waves, tuple(layers), network.output_scale, Workspace())


def render(
    cpu_backend: CpuBackend,
    ws: torch.Tensor,
    transform: torch.Tensor | None,
    bend: ActiveBends | None = None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as [shape=(N, 3, H, W)]; see `synthesize`."""
    # Every picture is painted into the same memory.
    pictures = [_render_one(cpu_backend, w, transform, bend) for w in ws[:, None]]
    return torch.stack(pictures)


def _render_one(
    cpu_backend: CpuBackend,
    w: torch.Tensor,
    transform: torch.Tensor | None,
    bend: ActiveBends | None,
) -> torch.Tensor:
    first = wave(cpu_backend.waves, w[:, 0], transform)
    x = to_blocks((bend("input", first) if bend else first)[0])
    for place, part in enumerate(cpu_backend.layers, 1):
        x = _apply(cpu_backend.workspace, part, x, w[:, place])
        x = bend_blocks(bend, part.layer.name, x, len(part.layer.bias)) if bend else x
    return from_blocks(x, len(cpu_backend.layers[-1].layer.bias)) * cpu_backend.output_scale


def _apply(workspace: Workspace, part: Prepared, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    layer = part.layer
    scales, demodulation = layer.conv.scales(w)
    bias = fill_up(layer.bias)
    y = convolve_layer(workspace, part, x, fill_up(layer.gained(scales[0])), len(bias))
    if part.plan is None:
        return finish_colours(y, layer, bias)
    assert demodulation is not None
    return filter_layer(workspace, part.plan, y, fill_up(demodulation[0]), bias, len(layer.bias))


def finish_colours(y: torch.Tensor, layer: Layer, bias: Array) -> torch.Tensor:
    """End the last layer, in place."""
    y += torch.from_numpy(bias).view(-1, 1, 1, LANES)
    return y if layer.clamp is None else y.clamp_(-layer.clamp, layer.clamp)


def convolve_layer(
    workspace: Workspace, part: Prepared, x: torch.Tensor, scales: Array, outputs: int
) -> torch.Tensor:
    """Convolve ``scales · x`` [shape=(B, H, W, LANES)]; `outputs` are filled up to whole panels."""
    if len(part.matrices) == 1:
        return project(workspace, x, scales, part.matrices, "y")
    one, nothing = np.ones(outputs, np.float32), np.zeros(outputs, np.float32)
    plain = (one, nothing, NOTHING, np.float32(1), np.float32(np.inf))
    return convolve(workspace, part.matrices, x, scales, 2, plain, "y")


def filter_layer(
    workspace: Workspace, plan: Plan, y: torch.Tensor, gain: Array, bias: Array, channels: int
) -> torch.Tensor:
    """Activate ``gain · y + bias`` between its filters."""
    blocks = blocks_of(channels)
    out = workspace.take("x", blocks, *plan.out_shape, LANES)
    own = workspace.take("rows", thread_count(), plan.workspace_size()).numpy()
    source, target = y.numpy(), out.numpy()

    def work(thread: int, first: int, last: int) -> None:
        filtered_lrelu.run(plan, source, gain, bias, target, own[thread], (first, last))

    spread(work, blocks)
    return out


def renew(part: Prepared) -> None:
    """Prepare a layer again whose weights are others now, where its matrices lie."""
    weight = part.layer.conv.weight
    if len(part.matrices) == 1:
        part.matrices.copy_(pack(weight[None, :, :, 0, 0]))
    else:
        mix_again(weight, winograd.mixture(TILES[len(part.matrices)]), part.matrices)


def _prepare_layer(layer: Layer, shape: tuple[int, int]) -> Prepared | None:
    weight = layer.conv.weight
    size = weight.shape[-1]
    if size not in (1, 3) or layer.half:
        return None
    if size == 3:
        matrices = winograd.transform_weight(weight, winograd.tile_for(*shape))
    else:
        matrices = pack(weight[None, :, :, 0, 0])
    if layer.up_taps is None and layer.down_taps is None:
        is_plain = layer.up == layer.down == 1 and not any(layer.padding) and layer.slope == 1
        return Prepared(layer, matrices, None) if is_plain else None
    if layer.up_taps is None or layer.down_taps is None or layer.conv.squares is None:
        return None
    clamp = np.inf if layer.clamp is None else layer.clamp
    plan = make_plan(
        layer.up_taps.numpy(),
        layer.down_taps.numpy(),
        (layer.up, layer.down),
        layer.padding,
        shape,
        (layer.slope, layer.act_gain, clamp),
    )
    return None if plan is None else Prepared(layer, matrices, plan)
