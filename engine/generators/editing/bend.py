"""The network-bending runtime: a bend plan at work on the features of a network.

Every bent layer goes through the same few steps, in this order: channels swapped, moved (one
affine grid for all channels that move alike), eroded or dilated (one separable pooling), held
against a threshold, scaled and shifted, noise added. Layers without a bend are not touched. On a
GPU a step is taken whatever its numbers are, so that one captured graph serves every picture; on
the CPU a step at rest is left out, and a layer at rest is the unbent one, bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.core.rng import draw
from engine.generators.editing.bend_ops import (
    GAIN,
    LEVEL,
    NOISE,
    NOTHING,
    OFFSET,
    RADIUS,
    REACH,
    SOFT,
    SWAP,
    Floats,
)
from engine.generators.editing.bend_plan import Cells, LayerPlan, Plan, table
from engine.generators.libraries import functional, torch

REST = NOTHING[:6].tolist()
SHARPNESS = 16.0
"""Slope of the soft threshold."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One bent layer on a device: its plan, and channels of each family of operations.

    Parameters
    ----------
    cells, order
        See `bend_plan.LayerPlan` [shape=(C,)].
    groups
        Channels that move alike, and the row of their matrix.
    morph
        Channels that are eroded or dilated; None: no such step.
    families
        Which other steps there are.
    """

    plan: LayerPlan
    cells: torch.Tensor
    order: torch.Tensor
    groups: tuple[tuple[torch.Tensor, int], ...]
    morph: torch.Tensor | None
    families: frozenset[str]


def prepare(plan: Plan, device: str) -> dict[str, Layer]:
    """Put a plan on a device: name → layer. Channels of the same moves become one group."""

    def put(numbers: Cells) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.int64, device=device)

    found = {}
    with torch.inference_mode(False):
        for layer in plan.layers:
            moves: dict[tuple[int, ...], list[int]] = {}
            families = set()
            for cell, members in enumerate(layer.members):
                own = tuple(b for b in members if plan.family(b) == "affine")
                families |= {plan.family(b) for b in members}
                if own:
                    moves.setdefault(own, []).append(cell)
            groups = [
                (put(np.flatnonzero(np.isin(layer.cells, cells))), layer.first + cells[0])
                for cells in moves.values()
            ]
            morph = put(plan.channels(layer, "morph")) if "morph" in families else None
            cells, order = put(layer.cells + layer.first), put(layer.order)
            kept = frozenset(families)
            found[layer.name] = Layer(layer, cells, order, tuple(groups), morph, kept)
    return found


class BendRuntime:
    """The bends of a generator: their plan on a device, and their numbers of each picture.

    Parameters
    ----------
    aspects
        Width / height of each bent layer; none: 1.
    """

    def __init__(self, plan: Plan, device: str, aspects: Mapping[str, float]) -> None:
        self.plan = plan
        self._layers = prepare(plan, device)
        self._aspects = aspects

        self.rest = torch.from_numpy(np.tile(NOTHING, (plan.rows, 1)))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._layers)

    def numbers(
        self, controls: Mapping[str, float], aspects: Mapping[str, float] | None = None
    ) -> torch.Tensor:
        """Numbers of a picture in main memory [shape=(rows, 13)], see `bend_plan.table`.

        `aspects` are those of this picture, where they are not always the same.
        """
        if not self._layers:
            return self.rest
        return torch.from_numpy(table(self.plan, controls, aspects or self._aspects))

    def bend(self, numbers: torch.Tensor) -> ActiveBends | None:
        """Return what the network calls, if there is anything to do at all."""
        bending = ActiveBends(self._layers, numbers) if self._layers else None
        return bending if bending and bending.layers else None


class ActiveBends:
    """What a network calls with each layer's output: bends those layers that the plan bends.

    Parameters
    ----------
    numbers
        See `bend_plan.table` [shape=(rows, 13)], on the same device.
    """

    def __init__(self, layers: dict[str, Layer], numbers: torch.Tensor) -> None:
        self.layers = layers
        self._numbers = numbers
        self._looks = numbers.device.type == "cpu"
        if self._looks:
            rows = numbers.numpy()
            self.layers = {n: x for n, x in layers.items() if not _rests(x, rows)}

    def __call__(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Bend a layer's output [shape=(N, C, H, W)]."""
        layer = self.layers.get(name)
        if layer is None:
            return x
        cells = self._numbers[layer.cells]  # (C, 13)
        if self._does(layer, "swap", cells, SWAP):
            x = x + _over(cells[:, SWAP], x) * (x[:, layer.order] - x)
        for channels, row in layer.groups:
            matrix = self._numbers[row, :6]
            if not self._looks or matrix.tolist() != REST:
                x = _move(layer, x, channels, matrix.view(2, 3))
        if layer.morph is not None and self._does(layer, "morph", cells, RADIUS):
            x = _morph(x, layer.morph, cells[layer.morph, RADIUS], self._looks)
        if self._does(layer, "soft", cells, SOFT):
            step = ((x - _over(cells[:, LEVEL], x)) * SHARPNESS).sigmoid()
            x = x + _over(cells[:, SOFT], x) * (step - x)
        if self._does(layer, "linear", cells, GAIN, 1.0) or self._does(
            layer, "linear", cells, OFFSET
        ):
            x = x * _over(cells[:, GAIN], x) + _over(cells[:, OFFSET], x)
        if self._does(layer, "noise", cells, NOISE):
            x = x + _over(cells[:, NOISE], x) * _noise(name, x.shape[2], x.shape[3], x.device).to(x)
        return x

    def _does(
        self, layer: Layer, family: str, cells: torch.Tensor, field: int, rest: float = 0.0
    ) -> bool:
        """Whether a step is taken: on the CPU only where its numbers do something."""
        has = family in layer.families
        return has and (not self._looks or bool((cells[:, field] != rest).any()))


def _rests(layer: Layer, rows: Floats) -> bool:
    first = layer.plan.first
    own = rows[first : first + len(layer.plan.members)].copy()
    own[:, LEVEL] = 0.0  # where a threshold lies does nothing by itself
    return bool((own == NOTHING).all())


def _over(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Lay a value per channel [shape=(C,)] over features."""
    return values.to(x.dtype)[:, None, None]


def _move(
    layer: Layer, x: torch.Tensor, channels: torch.Tensor, matrix: torch.Tensor
) -> torch.Tensor:
    """Sample some channels where a matrix [shape=(2, 3)] says."""
    is_all = len(channels) == x.shape[1]
    own = (x if is_all else x[:, channels]).float()  # places need more than float16 has
    grid = functional.affine_grid(
        matrix.expand(len(x), 2, 3), [len(x), 1, *x.shape[2:]], align_corners=False
    )
    moved = functional.grid_sample(
        own, grid, mode="bilinear", padding_mode=layer.plan.edge, align_corners=False
    ).to(x.dtype)
    return moved if is_all else x.index_copy(1, channels, moved)


def _morph(
    x: torch.Tensor, channels: torch.Tensor, radius: torch.Tensor, looks: bool
) -> torch.Tensor:
    """Dilate (radius above 0) or erode some channels; between whole radii it goes straight.

    Erosion is the dilation of the negative; a square of 2 r + 1 is a row and a column, r times.
    """
    is_all = len(channels) == x.shape[1]
    own = x if is_all else x[:, channels]
    sign = torch.where(radius < 0, -1.0, 1.0).to(x.dtype)[:, None, None]
    size = radius.abs().to(x.dtype)[:, None, None]
    rounds = math.ceil(float(radius.abs().max())) if looks else REACH
    grown = own * sign
    found = grown
    for done in range(rounds):
        wide = functional.max_pool2d(grown, (1, 3), 1, (0, 1))
        after = functional.max_pool2d(wide, (3, 1), 1, (1, 0))
        found = found + (size - done).clamp(0, 1) * (after - grown)
        grown = after
    found = found * sign
    return found if is_all else x.index_copy(1, channels, found)


_SHAPES = 64


@lru_cache(maxsize=_SHAPES)
def _noise(name: str, height: int, width: int, device: torch.device) -> torch.Tensor:
    """A pattern of chance [shape=(H, W)], always the same for a layer of a size."""
    with torch.inference_mode(False):
        drawn = draw(0, f"bend/noise/{name}", 0, height * width).reshape(height, width)
        return torch.tensor(drawn, dtype=torch.float32, device=device)
