"""Edit directions as parameters: what they add to latents, styles and scales.

``direction_NAME`` moves along a direction, in sigmas. With ``hold_NAME`` at 1 the slider is the
place instead: wherever the journey goes, along this direction the picture stays there. Others give
way to it, as in the conditional edits of Y. Shen et al., "InterFaceGAN" (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Kind, Parameter
from engine.generators.libraries import torch
from engine.models.sidecars.directions import Direction, Floats, Shape

REACH = 10.0
_FIRM = 1e-6
"""Keeps two directions that are one, both held, from fighting without end."""
NO_SHAPE = Shape(0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class EditDirections:
    """The directions of a model that a show can move along, in the order of their file."""

    directions: tuple[Direction, ...] = ()
    shape: Shape = NO_SHAPE

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """One slider for each, and whether it is a place."""
        made = []
        for each in self.directions:
            told = f"Along the direction {each.name} ({each.method})."
            name = f"direction_{each.name}"
            made.append(
                Parameter(
                    name, Kind.FLOAT, 0.0, -REACH, REACH, unit="sigmas", text=told, glides=True,
                    label=each.name.replace("_", " ").capitalize(),
                )
            )  # fmt: skip
            if each.space != "s":
                told = f"1: {name} is where the picture stays, wherever the journey goes."
                made.append(Parameter(f"hold_{each.name}", text=told, glides=True))
        return tuple(made)

    def of(self, space: str) -> list[Direction]:
        """Return those of one space."""
        return [each for each in self.directions if each.space == space]

    def pack(self, controls: Mapping[str, float]) -> Floats:
        """Say what sliders do, in one row of numbers whose length never changes [shape=(N,)].

        For z and then for w: what is added to each layer [shape=(L, D)], the directions
        [shape=(K, D)], and what is taken away there for places along them [shape=(L, K, K)]. Last
        the gains of single layers' scales [shape=(S,)].

        Parameters
        ----------
        controls
            Value of every parameter; one that lacks is 0.
        """
        parts: list[NDArray[Any]] = [np.zeros(0, np.float32)]
        for space, (rows, _) in self._sizes().items():
            if self.of(space):
                parts += self._edit(controls, space, rows)
        parts.append(np.array([controls.get(f"direction_{d.name}", 0.0) for d in self.of("s")]))
        return np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)

    def _sizes(self) -> dict[str, tuple[int, int]]:
        return {"z": (1, self.shape.z_dim), "w": (self.shape.num_ws, self.shape.w_dim)}

    def _edit(
        self, controls: Mapping[str, float], space: str, rows: int
    ) -> tuple[NDArray[Any], ...]:
        """Solve each layer for the steps along its directions.

        A free slider is a step. Held ones are solved for what is missing at their places, whatever
        the free ones add; a place that is held by half takes half of it.
        """
        named = self.of(space)
        axes = np.array([each.vector for each in named], np.float64)  # (K, D)
        moved = np.ones((rows, len(named)))
        if space == "w":
            layer = np.arange(rows)[:, None]
            first, last = np.array([each.layers for each in named]).T
            moved = 1.0 * ((layer >= first) & (layer < last))
        steps = np.array([controls.get(f"direction_{d.name}", 0.0) * d.sigma for d in named])
        held = moved * np.array([controls.get(f"hold_{d.name}", 0.0) for d in named])  # (L, K)
        free = moved * steps * (1.0 - held)
        hold = np.zeros((rows, len(named), len(named)))
        if held.any():
            products, eye = axes @ axes.T, np.eye(len(named))
            root = np.sqrt(held)
            inner = root[:, :, None] * products * root[:, None]
            inner += (1.0 - held + _FIRM)[:, :, None] * eye
            hold = root[:, :, None] * np.linalg.inv(inner) * root[:, None]
            target = np.array([d.centre for d in named]) + steps - free @ (products - eye)
            free = free + (hold @ target[..., None])[..., 0]
        return free @ axes, axes, hold

    def move(self, x: torch.Tensor, packed: torch.Tensor, space: str) -> torch.Tensor:
        """Move latents ``z`` [shape=(..., 1, D)] or styles ``w`` [shape=(P, L, D)].

        Styles are followed by the gains of scales, if there are any. Shapes alone decide what is
        done: a captured graph serves every position of the sliders.

        Parameters
        ----------
        packed
            What `pack` says, on the same device.
        """
        rows, size = self._sizes()[space]
        count = len(self.of(space))
        if count:
            first = 3 if space == "w" else 0
            shift, axes, hold = packed.split(self._lengths())[first : first + 3]  # type: ignore[no-untyped-call]  # torch's
            axes = axes.view(count, size)
            places = (x @ axes.T)[..., None, :]  # (P, L, 1, K)
            taken = (places @ hold.view(rows, count, count))[..., 0, :]
            x = x + shift.view(rows, size) - taken @ axes
        if space == "w" and self.of("s"):
            gains = packed[-len(self.of("s")) :]
            x = torch.cat([x, gains.expand(*x.shape[:-1], -1)], dim=-1)
        return x

    def _lengths(self) -> list[int]:
        """How many numbers each part of the packed row has."""
        found = []
        for space, (rows, size) in self._sizes().items():
            count = len(self.of(space))
            found += [rows * size * bool(count), count * size, rows * count * count]
        return [*found, len(self.of("s"))]

    def columns(self, layer: str, count: int) -> Floats:
        """What one sigma of each channel direction adds to a layer's scales [shape=(count, S)]."""
        named = self.of("s")
        made = np.zeros((count, len(named)), np.float32)
        for place, each in enumerate(named):
            if each.layer == layer:
                made[:, place] = each.vector * each.sigma
        return made


NO_EDITS = EditDirections()


def widened(part: Any, edit_directions: EditDirections, name: str = "") -> Any:
    """Let the affines of a synthesis network take the gains of channels after each style.

    So scales are finished where they always are, by every path alike, in one product.
    """
    if not edit_directions.of("s"):
        return part
    if type(part) is tuple:
        return tuple(widened(each, edit_directions, name) for each in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    found = {f.name: getattr(part, f.name) for f in fields(part)}
    name = str(found.get("name", name))
    changed = {
        key: widened(value, edit_directions, name)
        for key, value in found.items()
        if key != "affine" and (type(value) is tuple or is_dataclass(value))
    }
    if "affine" in found:
        weight = found["affine"].weight
        more = torch.from_numpy(edit_directions.columns(name, len(weight))).to(weight)
        changed["affine"] = replace(found["affine"], weight=torch.cat([weight, more], dim=1))
    return replace(part, **changed)
