"""A generator whose factors are known: a blossom on a ground, drawn by plain formulas.

Latents become styles through a small fixed mapping that mixes all factors, styles become scales
through two affines, and scales become factors: so every way of finding directions has what it
needs, and what a direction changes can be told exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from engine.core.rng import draw
from engine.generators.editing.edit_directions import NO_EDITS, EditDirections
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction, Floats, Shape

FORM = ("x", "y", "size", "petals", "turn")
COLOUR = ("hue", "ground", "gradient", "core", "light")
FACTORS = (*FORM, *COLOUR)
Z, W = 16, 24
_SPREAD = np.array([2.4, 1.5, 1.2, 0.9, 1.0, 2.2, 2.8, 1.9, 0.8, 1.1])


def _matrix(name: str, rows: int, columns: int) -> np.ndarray[Any, Any]:
    return draw(1, name, 0, rows * columns).reshape(rows, columns)


@dataclass(frozen=True, slots=True)
class Weights:
    """Affines by name."""

    affine: dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Blossom:
    """The generator: what `StudiedModel` needs of one that has no file."""

    weights: Weights
    mapping: torch.Tensor
    back: torch.Tensor
    spec: Any
    edit_directions: EditDirections = NO_EDITS

    def map(self, z: torch.Tensor) -> torch.Tensor:
        """z to w: each factor bent a little by another one, then all turned into one another."""
        bent = z + 0.25 * torch.tanh(z.roll(1, dims=1) * z.roll(2, dims=1))
        return bent @ self.mapping

    def factors(self, w: torch.Tensor) -> torch.Tensor:
        """[shape=(N, 10)], each within -1..1."""
        scales = [w @ matrix.T for matrix in self.weights.affine.values()]
        return torch.tanh(torch.cat(scales, 1) @ self.back * 0.6)

    def synthesize(self, ws: torch.Tensor, _: Any, size_px: tuple[int, int], __: float) -> Any:
        """Draw [shape=(N, 4, H, W)]; form comes from the first style, colour from the second."""
        scales = [
            torch.einsum("nd,cd->nc", ws[:, row, :], matrix[:, : ws.shape[2]])
            for row, matrix in enumerate(self.weights.affine.values())
        ]
        f = torch.tanh(torch.cat(scales, 1) @ self.back * 0.6)[..., None, None]
        x, y, size, petals, turn, hue, ground, gradient, core, light = f.unbind(1)
        line = torch.linspace(-1, 1, size_px[0])
        across, down = line[None, None, :] - 0.5 * x, line[None, :, None] - 0.5 * y
        radius = torch.sqrt(across**2 + down**2 + 1e-6)
        angle = torch.atan2(down, across)
        edge = (0.55 + 0.25 * size) * (1 + 0.25 * (1 + petals) * torch.cos(5 * angle + 2 * turn))
        inside = torch.sigmoid((edge - radius) * 12)
        heart = torch.sigmoid((0.18 - radius) * 20) * (0.5 + 0.5 * core)
        field = 0.35 + 0.2 * gradient * line[None, :, None] + 0.1 * light
        picture = []
        for place in range(3):
            leaf = 0.5 + 0.45 * torch.cos(2.0 * hue + 2.1 * place)
            soil = field * (1 + 0.6 * torch.cos(1.8 * ground + 2.1 * place + 1.0))
            picture.append(soil * (1 - inside) + inside * leaf * (1 - heart) + heart)
        whole = torch.stack([p.expand(-1, size_px[1], size_px[0]) for p in picture], 1)
        return torch.cat([whole.clamp(0, 1), torch.ones_like(whole[:, :1])], 1)


def blossom() -> StudiedModel:
    """Build it."""
    # Factors do not lie at right angles: no principal axis is one of them.
    turned = np.linalg.qr(_matrix("turn", W, Z))[0].T + 0.1 * _matrix("lean", Z, W)  # (Z, W)
    moments = np.concatenate([_SPREAD, np.full(Z - len(_SPREAD), 0.4)])
    mapping = moments[:, None] * turned
    read = np.linalg.pinv(mapping).T[:10]  # from w to factors (10, W)
    form, colour = _matrix("form", 8, 5), _matrix("colour", 7, 5)
    affine = {"form": form @ read[:5], "colour": colour @ read[5:]}
    back = np.zeros((15, 10))
    back[:8, :5], back[8:, 5:] = np.linalg.pinv(form).T, np.linalg.pinv(colour).T
    weights = Weights({name: torch.tensor(x, dtype=torch.float32) for name, x in affine.items()})
    f32 = [torch.tensor(x, dtype=torch.float32) for x in (mapping, back)]
    model = Blossom(weights, *f32, SimpleNamespace(parameters=()))
    shape = Shape(Z, W, 2, {"form": 8, "colour": 7})
    return StudiedModel(model, shape, "blossom")


def factors(studied: StudiedModel, w: Floats) -> Floats:
    """Factors of styles [shape=(N, 10)]."""
    return np.asarray(studied.model.factors(torch.from_numpy(w)))


def purity(studied: StudiedModel, direction: Direction) -> tuple[Floats, Floats]:
    """What one sigma of a direction changes: of each factor, in its spread, and how surely."""
    w = studied.map(studied.latents(9, "purity", 200))
    step = direction.sigma * direction.vector
    change = factors(studied, w + step) - factors(studied, w - step)
    return change.mean(0) / (2 * factors(studied, w).std(0)), change.std(0)


def leakage(change: Floats, target: int | None = None) -> tuple[int, float]:
    """The factor that changes most (or the one that is meant), and the others' mean share of it."""
    size = np.abs(change)
    place = int(size.argmax()) if target is None else target
    return place, float(np.delete(size, place).mean() / size[place])
