"""StyleGAN2 on the CPU: channels last, kept memory, one compiled pass after each product.

It draws what `stylegan2_network.synthesize` draws, and faster; see ``bench/stylegan.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.generators import doubling, winograd
from engine.generators.convolution import NOTHING, Ending, convolve
from engine.generators.doubling import Taps
from engine.generators.kernels import Array, is_compiled
from engine.generators.product import multiply
from engine.generators.scratch import Scratch, spread, thread_count
from engine.generators.stylegan2_network import Block, Colour, Layer, Synthesis

if TYPE_CHECKING:
    import torch

STRIP = 1 << 21  # floats of products that are kept before they are merged


@dataclass(frozen=True, slots=True)
class Prepared:
    """A layer with its weight as matrices [shape=(36 or 18, O, I)] and its filter split."""

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
class Painter:
    """A network prepared for this path, and its memory."""

    const: torch.Tensor
    blocks: tuple[PreparedBlock, ...]
    scratch: Scratch


def prepare(network: Synthesis) -> Painter | None:
    """Prepare a network; None where this path does not serve it (torch draws it then)."""
    if not is_compiled() or network.const.device.type != "cpu":
        return None
    blocks = [_prepare_block(block) for block in network.blocks]
    fitting = tuple(block for block in blocks if block is not None)
    if len(fitting) < len(blocks):
        return None
    return Painter(network.const.permute(1, 2, 0).contiguous(), fitting, Scratch())


def paint(
    painter: Painter,
    ws: torch.Tensor,
    noisy: bool,
    strengths: torch.Tensor | None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as [shape=(N, 3, H, W)]; see `synthesize`."""
    import torch

    factors = [1.0] * len(painter.blocks) if strengths is None else strengths.tolist()
    factors = factors if noisy else [0.0] * len(painter.blocks)
    # Every picture is painted into the same memory.
    pictures = [_paint_one(painter, w, factors).permute(2, 0, 1).clone() for w in ws]
    return torch.stack(pictures)


def _paint_one(painter: Painter, ws: torch.Tensor, factors: list[float]) -> torch.Tensor:
    scratch = painter.scratch
    x = painter.const
    picture = x.new_zeros(0, 0, 3)
    place = 0
    for index, prepared in enumerate(painter.blocks):
        for number, part in enumerate(prepared.layers):
            x = _apply(scratch, part, x, ws[place], factors[index], f"x{number}")
            place += 1
        if prepared.block.colour is not None:
            name = f"picture{index % 2}"
            picture = _colour(
                scratch, prepared.block.colour, x, ws[place], picture, prepared.taps, name
            )
    return picture


def _apply(
    scratch: Scratch, part: Prepared, x: torch.Tensor, w: torch.Tensor, factor: float, name: str
) -> torch.Tensor:
    layer = part.layer
    scales, demodulation = layer.conv.scales(w[None])
    assert demodulation is not None
    gain = (demodulation[0] * layer.gain).numpy()
    bias = (layer.bias * layer.gain).numpy()
    noise = NOTHING
    if layer.noise is not None and factor:
        noise = (layer.noise * (factor * layer.gain)).numpy()
    slope = np.float32(0.2 if layer.activation == "lrelu" else 1.0)
    clamp = np.float32(np.inf if layer.clamp is None else layer.clamp)
    ending = (gain, bias, noise, slope, clamp)
    out = scratch.take(name, layer.up * x.shape[0], layer.up * x.shape[1], len(gain))
    if part.taps is None:
        convolve(scratch, part.matrices, x, scales[0].numpy(), 1, ending, out)
    else:
        _double(scratch, part, x, scales[0], ending, out)
    return out


def _double(
    scratch: Scratch,
    part: Prepared,
    x: torch.Tensor,
    scales: torch.Tensor,
    ending: Ending,
    out: torch.Tensor,
) -> None:
    import torch

    assert part.taps is not None
    taps = part.taps
    height, width, inputs = x.shape
    outputs = part.matrices.shape[1]
    matrices = part.matrices
    # The style goes where there is less to scale.
    if len(matrices) * outputs < height * width:
        matrices = scratch.take("weight", len(matrices), outputs, inputs)
        torch.mul(part.matrices, scales, out=matrices)
    else:
        x = torch.mul(x, scales, out=scratch.take("scaled", height, width, inputs))
    own = scratch.take("own", thread_count(), doubling.scratch_size(width, outputs))
    picture, private = out.numpy(), own.numpy()
    tiles = -(-height // doubling.TILE)
    strip = max(2, STRIP // (7 * doubling.TILE * width * outputs))
    even = scratch.take("after", 15, strip + 1, width, outputs)
    for top in range(0, tiles, strip):
        bottom = min(tiles, top + strip)
        # The tile before serves the first row: tile -1, or the last of the strip before.
        fresh = top - (top == 0)
        even[:, 0] = even[:, strip]
        _multiply_even(scratch, x, matrices[:15], (fresh, bottom), even[:, fresh - top + 1 :])
        # One row more on either side: the filter reaches over.
        first, last = max(0, 4 * top - 1), min(height, 4 * bottom + 1)
        odd = scratch.take("odd", 3, last - first, width, outputs)
        rows = x[first:last].view(-1, inputs)
        for k in range(3):
            multiply(rows, matrices[15 + k], odd[k].view(-1, outputs))
        products, firsts = (even.numpy(), odd.numpy()), (top - 1, first)

        def leave(
            thread: int,
            start: int,
            end: int,
            products: tuple[Array, Array] = products,
            firsts: tuple[int, int] = firsts,
            top: int = top,
        ) -> None:
            doubling.merge(
                products, firsts, height, (8 * top + start, 8 * top + end), taps, *ending,
                picture, private[thread],
            )  # fmt: skip

        spread(leave, min(2 * height, 8 * bottom) - 8 * top)


def _multiply_even(
    scratch: Scratch,
    x: torch.Tensor,
    matrices: torch.Tensor,
    tiles: tuple[int, int],
    out: torch.Tensor,
) -> None:
    """Multiply tiles [from, to) with the matrices of even rows, into the head of `out`."""
    count = tiles[1] - tiles[0]
    width, inputs = x.shape[1:]
    before = scratch.take("before", doubling.POINTS, count, width, inputs)
    numbers, entered = x.numpy(), before.numpy()

    def enter(_: int, first: int, last: int) -> None:
        part = (tiles[0] + first, tiles[0] + last)
        doubling.transform_input(numbers, tiles[0], part, entered)

    spread(enter, count)
    for k, matrix in enumerate(matrices):
        rows = before[k // 3].view(-1, inputs)
        multiply(rows, matrix, out[k, :count].view(-1, out.shape[3]))


def _colour(
    scratch: Scratch,
    colour: Colour,
    x: torch.Tensor,
    w: torch.Tensor,
    picture: torch.Tensor,
    taps: Taps,
    name: str,
) -> torch.Tensor:
    import torch

    s, _ = colour.conv.scales(w[None])
    matrix = colour.conv.weight[:, :, 0, 0].T * s[0][:, None]
    height, width, inputs = x.shape
    channels = matrix.shape[1]
    out = scratch.take(name, height, width, channels)
    torch.mm(x.view(-1, inputs), matrix, out=out.view(-1, channels))
    clamp = np.float32(np.inf if colour.clamp is None else colour.clamp)
    row = scratch.take("row", (width + 4) * channels)
    doubling.add_doubled(
        picture.numpy(), taps, colour.bias.numpy(), clamp, out.numpy(), row.numpy()
    )
    return out


def _prepare_block(block: Block) -> PreparedBlock | None:
    taps = doubling.separate(block.taps)
    layers = [_prepare_layer(layer) for layer in block.layers]
    fitting = tuple(layer for layer in layers if layer is not None)
    if taps is None or block.skip is not None or block.half or len(fitting) < len(layers):
        return None
    return PreparedBlock(block, fitting, taps)


def _prepare_layer(layer: Layer) -> Prepared | None:
    weight = layer.conv.weight
    if layer.activation not in ("lrelu", "linear") or weight.shape[-1] != 3:
        return None
    if layer.up == 1:
        return Prepared(layer, winograd.transform_weight(weight), None)
    taps = None if layer.taps is None else doubling.separate(layer.taps)
    if taps is None:
        return None
    return Prepared(layer, doubling.transform_weight(weight), taps)
