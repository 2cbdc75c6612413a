"""Matrix products on the CPU, for pictures in blocks and weights packed once.

Six pixels by two blocks of outputs stay in registers while inputs pass by. Packed weights are read
from end to end, and odd sizes cost no more than even ones. K. Goto and R. van de Geijn, "Anatomy
of high-performance matrix multiplication" (2008).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.generators.cpu.blocks import LANES, blocks_of, broadcast, load, splat, store
from engine.generators.cpu.compile import Array, compile_loop
from engine.generators.cpu.workspace import Workspace, spread, thread_count
from engine.generators.libraries import torch

PIXELS = 6  # in registers
PANEL = 2 * LANES  # outputs in registers
KEPT = 32768  # floats of inputs that stay in the second-level cache


def pack(matrices: torch.Tensor) -> torch.Tensor:
    """Prepare matrices [shape=(N, O, I)] once, as [shape=(N, panels, B, LANES, PANEL)]."""
    count, outputs, inputs = matrices.shape
    panels, blocks = -(-outputs // PANEL), blocks_of(inputs)
    margins = (0, blocks * LANES - inputs, 0, panels * PANEL - outputs)
    whole = torch.nn.functional.pad(matrices, margins)
    split = whole.view(count, panels, PANEL, blocks, LANES)
    return split.permute(0, 1, 3, 4, 2).float().contiguous()


def mix(weight: torch.Tensor, mixture: NDArray[np.float64]) -> torch.Tensor:
    """Mix matrices [shape=(N, K²)] from the taps of a weight [shape=(O, I, K, K)] and pack them."""
    taps = weight.double().cpu().permute(2, 3, 0, 1).flatten(0, 1)
    return pack(torch.tensordot(torch.as_tensor(mixture), taps, 1))


def mix_again(weight: torch.Tensor, mixture: NDArray[np.float64], out: torch.Tensor) -> None:
    """Write what `mix` returns to where an earlier result lies, quickly: in single precision."""
    taps = pack(weight.permute(2, 3, 0, 1).flatten(0, 1))
    factors = torch.as_tensor(mixture, dtype=torch.float32)
    torch.mm(factors, taps.flatten(1), out=out.view(len(out), -1))


@compile_loop
def round_up(rows: int) -> int:
    """How many rows `multiply` wants room for."""
    return -(-rows // PIXELS) * PIXELS


@compile_loop
def evenly(rows: int, most: int) -> int:
    """How many rows at a time, so that all parts are about as long and few exceed `most`."""
    parts = max(1, (rows + most // 2) // max(1, most))
    return max(PIXELS, round_up((rows + parts - 1) // parts))


@compile_loop
def multiply(a: Array, b: Array, c: Array, matrices: tuple[int, int], rows: int,
             sizes: tuple[int, int]) -> None:  # fmt: skip
    """Multiply with matrices [from, to): ``c[n] = a[n] @ b[n].T``, all flat.

    Parameters
    ----------
    a
        [shape=(N, blocks, rows, LANES)]
    b
        From `pack`.
    c
        [shape=(N, 2 panels, rows, LANES)]
    rows
        A multiple of `PIXELS`.
    sizes
        Blocks of inputs and panels of outputs.
    """
    blocks, panels = sizes
    plane = rows * LANES
    many = evenly(rows, KEPT // (blocks * LANES))
    for n in range(matrices[0], matrices[1]):
        for first in range(0, rows, many):
            for panel in range(panels):
                at = (n * panels + panel) * blocks * LANES * PANEL
                to = (n * panels + panel) * 2 * plane
                for row in range(first, min(rows, first + many), PIXELS):
                    _multiply_six(a, n * blocks * plane + row * LANES, plane, b, at, blocks, c,
                                  to + row * LANES, plane)  # fmt: skip


@compile_loop
def _multiply_six(a: Array, a0: int, a_plane: int, b: Array, b0: int, blocks: int, c: Array,
                  c0: int, c_plane: int) -> None:  # fmt: skip
    """Six pixels of two blocks of outputs."""
    nothing = splat(np.float32(0))
    p0 = p1 = p2 = p3 = p4 = p5 = q0 = q1 = q2 = q3 = q4 = q5 = nothing
    for block in range(blocks):
        at = a0 + block * a_plane
        for k in range(LANES):
            f, g = load(b, b0), load(b, b0 + LANES)
            b0 += PANEL
            x = broadcast(a, at + k)
            p0, q0 = p0 + x * f, q0 + x * g
            x = broadcast(a, at + LANES + k)
            p1, q1 = p1 + x * f, q1 + x * g
            x = broadcast(a, at + 2 * LANES + k)
            p2, q2 = p2 + x * f, q2 + x * g
            x = broadcast(a, at + 3 * LANES + k)
            p3, q3 = p3 + x * f, q3 + x * g
            x = broadcast(a, at + 4 * LANES + k)
            p4, q4 = p4 + x * f, q4 + x * g
            x = broadcast(a, at + 5 * LANES + k)
            p5, q5 = p5 + x * f, q5 + x * g
    _store_six(c, c0, p0, p1, p2, p3, p4, p5)
    _store_six(c, c0 + c_plane, q0, q1, q2, q3, q4, q5)


@compile_loop
def _store_six(c: Array, at: int, a: Array, b: Array, d: Array, e: Array, f: Array,
               g: Array) -> None:  # fmt: skip
    store(c, at, a)
    store(c, at + LANES, b)
    store(c, at + 2 * LANES, d)
    store(c, at + 3 * LANES, e)
    store(c, at + 4 * LANES, f)
    store(c, at + 5 * LANES, g)


def multiply_all(a: Array, b: Array, c: Array, count: int, rows: int,
                 sizes: tuple[int, int]) -> None:  # fmt: skip
    """Call `multiply` for all matrices, on all threads."""

    def work(_: int, first: int, last: int) -> None:
        multiply(a, b, c, (first, last), rows, sizes)

    spread(work, count)


def project(
    workspace: Workspace, x: torch.Tensor, scales: Array, matrix: torch.Tensor, name: str
) -> torch.Tensor:
    """Mix the channels of each pixel of ``scales · x``: a 1×1 convolution.

    Parameters
    ----------
    x
        At least six pixels [shape=(B, H, W, LANES)].
    scales
        [shape=(B · LANES,)]
    matrix
        One, from `pack`.
    name
        Of the memory that the result is written to.

    Returns
    -------
    [shape=(2 panels, H, W, LANES)]
    """
    height, width = x.shape[1:3]
    panels, blocks = matrix.shape[1:3]
    y = workspace.take(name, 2 * panels, height, width, LANES)
    many = evenly(height * width, KEPT // (blocks * LANES))
    own = workspace.take("own", thread_count(), (many + PIXELS) * blocks * LANES).numpy()
    numbers, packed, result = x.numpy().reshape(-1), matrix.numpy().reshape(-1), y.numpy()
    pixels, flat = height * width, result.reshape(-1)

    def work(thread: int, first: int, last: int) -> None:
        part = (first, last)
        _project(numbers, scales, packed, flat, part, pixels, many, (blocks, panels), own[thread])

    spread(work, pixels, many)
    return y


@compile_loop
def _project(x: Array, scales: Array, b: Array, y: Array, part: tuple[int, int], pixels: int,
             many: int, sizes: tuple[int, int], workspace: Array) -> None:  # fmt: skip
    blocks, panels = sizes
    plane = pixels * LANES
    for start in range(part[0], part[1], many):
        end = min(part[1], start + many)
        # The last six may have been done before.
        first = max(0, min(start, end - PIXELS))
        rows = end - first
        for block in range(blocks):
            gain = load(scales, block * LANES)
            for row in range(rows):
                at = block * plane + (first + row) * LANES
                store(workspace, (block * rows + row) * LANES, load(x, at) * gain)
        for panel in range(panels):
            at, to = panel * blocks * LANES * PANEL, 2 * panel * plane
            for row in range(0, rows, PIXELS):
                begin = min(row, rows - PIXELS)
                _multiply_six(workspace, begin * LANES, rows * LANES, b, at, blocks, y,
                              to + (first + begin) * LANES, plane)  # fmt: skip
