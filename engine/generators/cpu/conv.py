"""3×3 convolutions on the CPU by Winograd's method, with the epilogue fused in.

A picture is worked on in strips of rows of tiles, whose products stay in the cache.
"""

from __future__ import annotations

from engine.generators.cpu import upsample, upsample_merge, winograd
from engine.generators.cpu.blocks import LANES
from engine.generators.cpu.compile import Array
from engine.generators.cpu.epilogue import Epilogue
from engine.generators.cpu.matmul import multiply_all, round_up
from engine.generators.cpu.upsample import COUNTS, Kinds, Room, Taps
from engine.generators.cpu.workspace import Workspace, spread, thread_count
from engine.generators.libraries import torch

TILES = {36: 4, 64: 6}  # side of a tile, by how many matrices there are
STRIP = 1 << 22  # floats before and after the products: they stay in the third-level cache


def convolve(
    workspace: Workspace,
    matrices: torch.Tensor,
    x: torch.Tensor,
    gain: Array,
    pad: int,
    epilogue: Epilogue,
    name: str,
) -> torch.Tensor:
    """Convolve ``gain · x`` [shape=(B, H, W, LANES)] with a prepared 3×3 weight, and finish.

    Parameters
    ----------
    matrices
        From `winograd.transform_weight`.
    gain
        [shape=(B · LANES,)]
    name
        Of the memory that the result is written to.

    Returns
    -------
    [shape=(2 panels, H + 2 pad - 2, W + 2 pad - 2, LANES)]
    """
    count, panels, inputs = matrices.shape[:3]
    height, width = x.shape[1] + 2 * pad - 2, x.shape[2] + 2 * pad - 2
    out = workspace.take(name, 2 * panels, height, width, LANES)
    tile = TILES[count]
    along, across = -(-height // tile), -(-width // tile)
    many = _rows_at_once(along, count * (inputs + 2 * panels) * LANES * across)
    for top in range(0, along, many):
        tiles = (top, min(along, top + many), across)
        _convolve_strip(workspace, matrices, x, gain, pad, epilogue, out, tiles)
    return out


def _rows_at_once(rows: int, size: int) -> int:
    """How many rows of tiles make a strip, if one takes so many floats: all about the same."""
    strips = -(-rows // max(1, STRIP // size))
    return -(-rows // strips)


def _convolve_strip(
    workspace: Workspace,
    matrices: torch.Tensor,
    x: torch.Tensor,
    gain: Array,
    pad: int,
    epilogue: Epilogue,
    out: torch.Tensor,
    tiles: tuple[int, int, int],
) -> None:
    count, panels, inputs = matrices.shape[:3]
    rows = round_up((tiles[1] - tiles[0]) * tiles[2])
    before = workspace.take("before", count * inputs * rows * LANES).numpy()
    after = workspace.take("after", count * 2 * panels * rows * LANES).numpy()
    tile = TILES[count]
    size = winograd.workspace_size(tile, tiles[2])
    own = workspace.take("own", thread_count(), size).numpy()
    numbers, weights, picture = (part.numpy().reshape(-1) for part in (x, matrices, out))
    shape, grown = (x.shape[1], x.shape[2]), (out.shape[1], out.shape[2])

    def enter(thread: int, first: int, last: int) -> None:
        winograd.transform_input(numbers, shape, gain, pad, (first, last), tile, tiles, before,
                                 (inputs, rows), own[thread])  # fmt: skip

    def leave(thread: int, first: int, last: int) -> None:
        winograd.transform_output(after, (2 * panels, rows), (first, last), tile, tiles, epilogue,
                                  picture, grown, own[thread])  # fmt: skip

    spread(enter, inputs)
    multiply_all(before, weights, after, count, rows, (inputs, panels))
    spread(leave, 2 * panels)


def convolve_up(
    workspace: Workspace,
    matrices: torch.Tensor,
    taps: Taps,
    x: torch.Tensor,
    gain: Array,
    epilogue: Epilogue,
    name: str,
) -> torch.Tensor:
    """Convolve ``gain · x`` [shape=(B, H, W, LANES)] at twice its resolution, filter, and finish.

    Returns
    -------
    [shape=(2 panels, 2 H, 2 W, LANES)]
    """
    panels, inputs = matrices.shape[1:3]
    height, width = x.shape[1:3]
    out = workspace.take(name, 2 * panels, 2 * height, 2 * width, LANES)
    rings = workspace.take("rings", 2 * panels * upsample.RING * 2 * width * LANES).numpy()
    along, across = height // upsample.TILE + 1, width // upsample.TILE + 1
    many = _rows_at_once(along, upsample.ROWS * across * (inputs + 2 * panels) * LANES)
    for top in range(0, along, many):
        strip = (height, width, top, min(along, top + many))
        _upsample_strip(workspace, matrices, taps, x, gain, epilogue, out, rings, strip)
    return out


def _upsample_strip(
    workspace: Workspace,
    matrices: torch.Tensor,
    taps: Taps,
    x: torch.Tensor,
    gain: Array,
    epilogue: Epilogue,
    out: torch.Tensor,
    rings: Array,
    strip: upsample.Strip,
) -> None:
    panels, inputs = matrices.shape[1:3]
    a, b, c, d, _ = upsample.row_counts(strip)
    room = (round_up(a), round_up(b), round_up(c), round_up(d))
    before = _pieces(workspace, "before", inputs, room)
    after = _pieces(workspace, "after", 2 * panels, room)
    own = workspace.take("own", thread_count(), upsample.workspace_size(strip[1])).numpy()
    numbers, picture = x.numpy().reshape(-1), out.numpy().reshape(-1)

    def enter(thread: int, first: int, last: int) -> None:
        upsample.transform_input(numbers, gain, (first, last), strip, before, room, inputs,
                                 own[thread])  # fmt: skip

    def leave(thread: int, first: int, last: int) -> None:
        upsample_merge.merge(after, room, 2 * panels, (first, last), strip, taps, epilogue, picture,
        rings,
                      own[thread])  # fmt: skip

    spread(enter, inputs)
    start = 0
    for count, rows, entered, product in zip(COUNTS, room, before, after, strict=True):
        weights = matrices[start : start + count].numpy().reshape(-1)
        multiply_all(entered, weights, product, count, rows, (inputs, panels))
        start += count
    spread(leave, 2 * panels)


def _pieces(workspace: Workspace, name: str, blocks: int, room: Room) -> Kinds:
    """Memory for the matrices of each kind."""
    ends = [0]
    for count, rows in zip(COUNTS, room, strict=True):
        ends.append(ends[-1] + count * blocks * rows * LANES)
    whole = workspace.take(name, ends[-1]).numpy()
    return (whole[: ends[1]], whole[ends[1] : ends[2]], whole[ends[2] : ends[3]],
            whole[ends[3] :])  # fmt: skip
