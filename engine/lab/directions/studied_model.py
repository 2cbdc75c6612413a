"""A model under study: samples of its spaces, pictures of their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from engine.core.rng import draw
from engine.generators import contract
from engine.generators.editing.edit_directions import EditDirections, widened
from engine.generators.libraries import torch
from engine.generators.stylegan.controls import over_black
from engine.models.sidecars.directions import Direction, Floats, Shape

BATCH = 64
CHUNK = 2000
"""Latents mapped at a time; a chance draw of its own, so that more samples begin with the same."""


class Affine(NamedTuple):
    """From a style to one layer's scales: name, row of the style, matrix [shape=(C, D)]."""

    layer: str
    row: int
    weight: Floats


@dataclass(frozen=True, slots=True)
class StudiedModel:
    """A built StyleGAN or CPPN.

    Parameters
    ----------
    model
        ``stylegan2.Model``, ``stylegan3.Model`` or ``cppn.Generator``.
    sha256
        What its file of directions notes.
    label
        Class that is drawn, in a network with classes.
    device
        Torch device that it is on.
    """

    model: Any
    shape: Shape
    sha256: str
    label: int = 0
    device: str = "cpu"
    _made: dict[tuple[int, ...], Any] = field(default_factory=dict, repr=False)

    def latents(self, seed: int, name: str, count: int) -> Floats:
        """Draw latents by chance [shape=(count, z_dim)]."""
        size = self.shape.z_dim
        found = [
            draw(seed, f"directions/{name}", at // CHUNK, min(CHUNK, count - at) * size)
            for at in range(0, count, CHUNK)
        ]
        return np.concatenate(found).reshape(count, size).astype(np.float32)

    def map(self, z: Floats) -> Floats:
        """Map latents to styles [shape=(N, w_dim)]."""
        with torch.inference_mode():
            x = torch.from_numpy(z).to(self.device)
            classes = getattr(self.model, "c_dim", 0)
            if not classes:
                return _numbers(self.model.map(x))
            c = x.new_zeros(len(x), classes)
            c[:, self.label] = 1.0
            return _numbers(self.model.map(x, c))

    def affines(self) -> list[Affine]:
        """Every affine that a style goes through, in the order of the synthesis."""
        if not hasattr(self.model, "synthesis"):
            return [
                Affine(name, row, weight.cpu().numpy())
                for row, (name, weight) in enumerate(self.model.weights.affine.items())
            ]
        return [
            Affine(part.name, row, part.conv.affine.weight.cpu().numpy())
            for part, row in _parts(self.model.synthesis)
        ]

    def draw(
        self, w: Floats, px: int, along: Sequence[Direction] = (), steps: Floats | None = None
    ) -> Floats:
        """Draw styles [shape=(N, w_dim)], moved: pictures [shape=(N, 3, H, W)] in 0..1.

        Parameters
        ----------
        px
            Length of a side; a network's own pictures are scaled to it.
        along
            Directions in w, or of channels.
        steps
            How far along each, in sigmas [shape=(N, len(along))].
        """
        ws = np.repeat(w[:, None], self.shape.num_ws, 1)
        amounts = np.zeros((len(w), len(along)), np.float32) if steps is None else steps
        for place, each in enumerate(along):
            if each.space == "w":
                first, last = each.layers
                ws[:, first:last] += (amounts[:, place] * each.sigma)[:, None, None] * each.vector
        single = [place for place, each in enumerate(along) if each.space == "s"]
        edit_directions = EditDirections(tuple(along[place] for place in single), self.shape)
        gains = np.repeat(amounts[:, None, single], self.shape.num_ws, 1)
        whole = torch.from_numpy(np.concatenate([ws, gains], 2)).to(self.device)
        with torch.inference_mode():
            drawn = [self._pictures(whole[at : at + BATCH], px, edit_directions) for at in
                     range(0, len(w), BATCH)]  # fmt: skip
        return np.concatenate(drawn)

    def _pictures(self, ws: torch.Tensor, px: int, edit_directions: EditDirections) -> Floats:
        from torch.nn.functional import interpolate

        model = self._with(edit_directions)
        if hasattr(model, "synthesis"):
            raw = over_black(model.synthesize(ws, "const"))
            factor = px / max(raw.shape[2:])
            size = [max(1, round(side * factor)) for side in raw.shape[2:]]
            x = interpolate(raw, size, mode="bilinear", antialias=True).clamp(0, 1)
        else:
            drawn = model.synthesize(ws, contract.complete(model.spec, {}), (px, px), 1.0)
            x = drawn[:, :3] * drawn[:, 3:]
        return _numbers(x)

    def _with(self, edit_directions: EditDirections) -> Any:
        """The model with room for gains of channels; the last one is kept."""
        if not edit_directions.directions:
            return self.model
        key = tuple(map(id, edit_directions.directions))
        if key not in self._made:
            self._made.clear()
            self._made[key] = _widened(self.model, edit_directions)
        return self._made[key]


def _numbers(x: torch.Tensor) -> Floats:
    found: Floats = x.float().cpu().numpy()
    return found


def _widened(model: Any, edit_directions: EditDirections) -> Any:
    if hasattr(model, "synthesis"):
        mapping = replace(model.mapping, edit_directions=edit_directions)
        parts = {
            name: widened(getattr(model, name), edit_directions)
            for name in ("synthesis", "cpu_backend")
        }
        return replace(model, mapping=mapping, **parts)
    from engine.generators.kinds.cppn import widened_weights

    return replace(
        model,
        weights=widened_weights(model.weights, edit_directions),
        edit_directions=edit_directions,
    )


def _parts(synthesis: Any) -> list[tuple[Any, int]]:
    """Layers and colours with a style, and the row of it."""
    if hasattr(synthesis, "layers"):  # StyleGAN3: the first style turns the waves
        return [(layer, row) for row, layer in enumerate(synthesis.layers, 1)]
    found, row = [], 0
    for block in synthesis.blocks:
        for layer in block.layers:
            found.append((layer, row))
            row += 1
        if block.colour is not None:
            found.append((block.colour, row))
    return found
