"""StyleGAN3 on the CPU: channels last, kept memory, one compiled pass per filtered activation.

It draws what `stylegan3_network.synthesize` draws, and faster; see ``bench/stylegan.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.generators import filtered_kernel, winograd
from engine.generators.convolution import NOTHING, convolve
from engine.generators.filter_plan import BLOCK, Plan, make_plan
from engine.generators.kernels import Array, is_compiled
from engine.generators.product import multiply
from engine.generators.scratch import Scratch, spread, thread_count
from engine.generators.stylegan3_network import Layer, Synthesis, Waves, wave

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer, its weight as matrices [shape=(36 or 1, O, I)], and the plan of its filters.

    A layer without filters has no plan: it draws the colours.
    """

    layer: Layer
    matrices: torch.Tensor
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Painter:
    """A network prepared for this path, and its memory."""

    waves: Waves
    layers: tuple[Prepared, ...]
    output_scale: float
    scratch: Scratch


def prepare(network: Synthesis) -> Painter | None:
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
    return Painter(network.waves, tuple(layers), network.output_scale, Scratch())


def paint(painter: Painter, ws: torch.Tensor, transform: torch.Tensor | None) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as [shape=(N, 3, H, W)]; see `synthesize`."""
    import torch

    # Every picture is painted into the same memory.
    pictures = [_paint_one(painter, w, transform).permute(2, 0, 1) for w in ws[:, None]]
    return torch.stack(pictures)


def _paint_one(painter: Painter, w: torch.Tensor, transform: torch.Tensor | None) -> torch.Tensor:
    x = wave(painter.waves, w[:, 0], transform)[0].permute(1, 2, 0).contiguous()
    for place, part in enumerate(painter.layers, 1):
        x = _apply(painter.scratch, part, x, w[:, place])
    return x * painter.output_scale


def _apply(scratch: Scratch, part: Prepared, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    layer = part.layer
    scales, demodulation = layer.conv.scales(w)
    y = _convolve(scratch, part, x, scales[0] * layer.gain)
    if part.plan is None:
        y += layer.bias
        return y if layer.clamp is None else y.clamp_(-layer.clamp, layer.clamp)
    assert demodulation is not None
    return _filter(scratch, part.plan, y, demodulation[0], layer.bias)


def _convolve(
    scratch: Scratch, part: Prepared, x: torch.Tensor, scales: torch.Tensor
) -> torch.Tensor:
    import torch

    height, width, inputs = x.shape
    outputs = part.matrices.shape[1]
    if len(part.matrices) == 1:
        y = scratch.take("y", height, width, outputs)
        matrix = torch.mul(part.matrices[0], scales)
        multiply(x.view(-1, inputs), matrix, y.view(-1, outputs))
        return y
    y = scratch.take("y", height + 2, width + 2, outputs)
    plain = (_ones(outputs), _ones(outputs) * 0, NOTHING, np.float32(1), np.float32(np.inf))
    convolve(scratch, part.matrices, x, scales.numpy(), 2, plain, y)
    return y


def _ones(count: int) -> Array:
    return np.ones(count, np.float32)


def _filter(
    scratch: Scratch, plan: Plan, y: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    channels = y.shape[2]
    out = scratch.take("x", *plan.out_shape, channels)
    own = scratch.take("rows", thread_count(), plan.scratch_size(channels)).numpy()
    source, target, scale, shift = y.numpy(), out.numpy(), gain.numpy(), bias.numpy()

    def work(thread: int, first: int, last: int) -> None:
        filtered_kernel.run(plan, source, scale, shift, target, own[thread], (first, last))

    spread(work, channels, BLOCK)
    return out


def _prepare_layer(layer: Layer, shape: tuple[int, int]) -> Prepared | None:
    weight = layer.conv.weight
    size = weight.shape[-1]
    if size not in (1, 3) or layer.half:
        return None
    if size == 3:
        matrices = winograd.transform_weight(weight)
    else:
        matrices = weight[None, :, :, 0, 0].contiguous()
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
