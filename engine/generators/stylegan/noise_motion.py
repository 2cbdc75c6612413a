"""Noise motion: the fine chance detail of a StyleGAN2 wanders instead of standing or boiling.

Each layer's noise wanders round the one it was trained with: square-root B-spline noise between
maps of chance, so that its strength never changes (see `engine.core.motions.walk.walk`). It is a
pure function of the place on its path, which the port ``noise`` gives; what is coarse goes more
slowly. Noise is written where it lies, before the picture is drawn: loops and captured graphs go
on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.motions.walk import basis
from engine.core.parameter import Kind, Parameter
from engine.core.path.phase import WRAP_KNOTS
from engine.core.rng import draw, gaussian
from engine.core.show.generator import Port
from engine.generators.libraries import torch

PORT = Port("noise", "noise-field", (1,))
MAPS = 4
"""Maps of a layer: those of four neighbouring knots are independent; shifted, they never recur."""


def pace(resolution: int) -> float:
    """Knots of a resolution for each knot of the path: a power of two, so that all close alike."""
    return 0.25 if resolution <= 8 else 0.5 if resolution <= 32 else 1.0


def parameters(resolutions: Sequence[str]) -> list[Parameter]:
    """How far the noise of each resolution wanders."""
    text = "How far the chance detail at {} px wanders: 0 stands still, 1 leaves what was trained."
    return [
        Parameter(f"noise_motion_{name}", Kind.FLOAT, 0.0, 0.0, 1.0, text=text.format(name))
        for name in resolutions
    ]


class _Layer:
    """One layer's noise: where it lies, what it was trained with, and its maps of chance."""

    def __init__(self, name: str, live: torch.Tensor, resolution: str) -> None:
        self.name, self.live, self.resolution = name, live, resolution
        self.rest = live.clone()
        height, width = live.shape
        drawn = draw(0, f"noise/{name}", 0, MAPS * height * width).reshape(MAPS, height, width)
        self.maps = torch.tensor(drawn, dtype=live.dtype, device=live.device)
        self.now = (0.0, 0.0)

    def set(self, amount: float, place: float) -> None:
        """Let it wander so far, at a place of the path in knots of its own."""
        wanted = (amount, place if amount else 0.0)
        if wanted == self.now:
            return
        self.now = wanted
        self.live.copy_(self.rest)
        if amount == 0.0:
            return
        # The strength stays on the device: nobody waits for it.
        far = self.rest.square().mean().sqrt() * amount
        self.live.mul_(math.sqrt(max(1.0 - amount * amount, 0.0)))
        first = math.floor(place) - 1
        period = round(WRAP_KNOTS * pace(int(self.resolution)))
        for knot in range(first, first + 4):
            weight = math.sqrt(basis(place - knot))
            self.live.addcmul_(self._map(knot % period), far * weight)

    def _map(self, knot: int) -> torch.Tensor:
        height, width = self.live.shape
        down, right = gaussian(0, f"shift/{self.name}", knot, 2)
        return self.maps[knot % MAPS].roll((int(1e4 * down) % height, int(1e4 * right) % width),
                                           (0, 1))  # fmt: skip


class NoiseMotion:
    """Moves the noise of a network's layers, which is written to."""

    def __init__(self, synthesis: Any) -> None:
        self._layers = [
            _Layer(layer.name, layer.noise, block.name[1:])
            for block in synthesis.blocks
            for layer in block.layers
            if layer.noise is not None
        ]

    def still(self) -> None:
        """Give the network its own noise back, so that somebody may change it."""
        for layer in self._layers:
            layer.set(0.0, 0.0)

    def keep(self) -> None:
        """Take the network's noise, which somebody has changed, for its own."""
        for layer in self._layers:
            layer.rest.copy_(layer.live)

    def set(self, place: float, controls: Mapping[str, float]) -> None:
        """Move it to a place of the port's path, in knots, modulo `WRAP_KNOTS`."""
        for layer in self._layers:
            amount = controls[f"noise_motion_{layer.resolution}"]
            layer.set(amount, place * pace(int(layer.resolution)))
