"""The coordinate network of the CPPN: where each pixel lies in the field, and what is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.generators.cppn.weights import BODY, FIELDS, WEAVE, Weights
from engine.generators.libraries import torch

Bend = Callable[[str, "torch.Tensor"], "torch.Tensor"]
Controls = Mapping[str, Any]
"""Values of parameters: floats; in a graph, which takes them from fixed places, tensors."""
Style = Mapping[str, "torch.Tensor"]
PROBES, PROBE_SPAN = 16, 3.2  # a side


class Flags(NamedTuple):
    """What of a picture is drawn in another way, not by another number."""

    is_mirrored: bool
    has_form: bool


def flags_of(controls: Mapping[str, float]) -> Flags:
    """Read the flags of a request."""
    return Flags(controls["symmetry"] > 0, controls["form"] != 0)


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixel centres of a picture with one pixel more on every side, for differences.

    Parameters
    ----------
    points
        x to the right, y up; the picture's short side spans -1..1 [shape=(2, (H+2)(W+2))].
    probes
        Fixed places of the field where its mean and spread are measured [shape=(2, M)]. Because
        they do not move with the view, panning and zooming never change the exposure.
    size_px
        Width and height of the picture without the margin.
    step
        Distance of neighbouring pixels in x and y.
    """

    points: torch.Tensor
    probes: torch.Tensor
    size_px: tuple[int, int]
    step: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the network says about each pixel, margin included.

    Parameters
    ----------
    height, tone, mask
        Zero mean and unit spread over the probes [shape=(H+2, W+2)].
    origin
        Place of the pixel before the network moved it [shape=(2, H+2, W+2)].
    sway
        What the flow layer moved it by, less the mean [shape=(2, H+2, W+2)].
    stretch
        Derivatives of the moved place by x and by y [shape=(2, H, W) each].
    step
        Distance of neighbouring pixels, zoom included.
    """

    height: torch.Tensor
    tone: torch.Tensor
    mask: torch.Tensor
    origin: torch.Tensor
    sway: torch.Tensor
    stretch: tuple[torch.Tensor, torch.Tensor]
    step: tuple[Any, Any]
    fine: Any


@lru_cache(maxsize=8)
def cached_grid(size_px: tuple[int, int], aspect: float, device: str) -> Grid:
    """Make the coordinates of a picture; a circle stays a circle at any aspect and size."""
    width, height = size_px
    half_x, half_y = max(aspect, 1.0), max(1.0 / aspect, 1.0)
    step_x, step_y = 2 * half_x / width, 2 * half_y / height
    x = (np.arange(-1, width + 1) + 0.5) * step_x - half_x
    y = half_y - (np.arange(-1, height + 1) + 0.5) * step_y
    side = ((np.arange(PROBES) + 0.5) / PROBES - 0.5) * PROBE_SPAN
    # Not made in inference mode: later work takes gradients through the cached tensors.
    with torch.inference_mode(False):
        points, probes = (
            torch.tensor(np.stack(np.meshgrid(*axes)).reshape(2, -1), dtype=torch.float32)
            for axes in ((x, y), (side, side))
        )
        return Grid(points.to(device), probes.to(device), size_px, (step_x, step_y))


def slopes(planes: torch.Tensor, step: tuple[Any, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Differentiate planes with margin [shape=(..., H+2, W+2)] by x and y [shape=(..., H, W)]."""
    right, left = planes[..., 1:-1, 2:], planes[..., 1:-1, :-2]
    above, below = planes[..., :-2, 1:-1], planes[..., 2:, 1:-1]
    return (right - left) / (2 * step[0]), (above - below) / (2 * step[1])


def trace(
    weights: Weights,
    style: Style,
    grid: Grid,
    controls: Controls,
    flags: Flags,
    bend: Bend | None = None,
) -> Fields:
    """Run the coordinate network over a grid and its probes."""
    wide, high = grid.size_px[0] + 2, grid.size_px[1] + 2
    count = wide * high

    def bent(name: str, planes: torch.Tensor) -> torch.Tensor:
        if bend is None:
            return planes
        whole = planes[:, :count].view(-1, high, wide)
        seen = bend(name, whole)
        return planes if seen is whole else torch.cat([seen.flatten(1), planes[:, count:]], 1)

    step = (grid.step[0] / controls["scale"], grid.step[1] / controls["scale"])
    fine = min(grid.step) / controls["scale"]
    origin = _aim(grid.points, controls, flags.is_mirrored)
    bulged = _bulge(origin, controls["form"]) if flags.has_form else origin
    place = torch.cat([bulged, grid.probes], 1)
    place = _frame(style["frame"], place)
    flow = bent("flow", _drift(weights, "flow", style, place, 0.85 * controls["warp"], 1.5))
    place = place + flow
    place = place + bent("fold", _drift(weights, "fold", style, place, controls["warp"], 1.0))
    stretch = slopes(place[:, :count].view(2, high, wide), step)
    planes = _weave(weights, style, place, _cutoff(fine, controls["detail"]), bent)
    planes = _standardise(weights.mixers["fields"] @ planes, count)
    height, tone, mask = planes.view(FIELDS, high, wide)
    origin = origin.view(2, high, wide)
    sway = (flow[:, :count] - flow[:, count:].mean(1, keepdim=True)).view(2, high, wide)
    return Fields(height, tone, mask, origin, sway, stretch, step, fine)


def _cutoff(fine: Any, detail: Any) -> Any:
    """Radians per unit that a picture lets through: what its pixels hold, and what is asked."""
    held, asked = 1.5 / fine, 1.5 * 16.0**detail
    return min(held, asked) if isinstance(held, float) else torch.minimum(held, asked)


def _turn(angle: Any) -> tuple[Any, Any]:
    """Cosine and sine."""
    if isinstance(angle, float):
        return math.cos(angle), math.sin(angle)
    return angle.cos(), angle.sin()


def _aim(points: torch.Tensor, controls: Controls, is_mirrored: bool) -> torch.Tensor:
    """Mirror, move, zoom and turn the view [shape=(2, N)]."""
    x, y = points
    if is_mirrored:
        # The mirror slides in from the left: anything in between is a whole picture, no smear.
        near = controls["symmetry"]
        axis = 1.0 - 1.0 / (max(near, 0.01) if isinstance(near, float) else near.clamp_min(0.01))
        x = axis + ((x - axis).square() + 0.01).sqrt()
    zoom, turn = 1.0 / controls["scale"], controls["rotation"]
    x = (x - controls["offset_x"]) * zoom
    y = (y - controls["offset_y"]) * zoom
    across, along = _turn(turn)
    return torch.stack([across * x + along * y, across * y - along * x])


def _bulge(origin: torch.Tensor, form: Any) -> torch.Tensor:
    """Wrap the field round a form, as round a glass ball."""
    square = origin.square().sum(0).clamp_max(1.0)
    bulged: torch.Tensor = origin * (1 + 0.9 * form * square * square)
    return bulged


def _frame(style: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Choose the part of the field: turn, size, a little shear, and place."""
    turn, size = 1.1 * style[0], torch.exp(0.4 * style[1].tanh() + 0.55)
    stretch, shear = 0.18 * style[2].tanh(), 0.18 * style[3].tanh()
    across, along = turn.cos(), turn.sin()
    rows = torch.stack([across + stretch, shear - along, shear + along, across - stretch])
    return torch.addmm(1.5 * style[4:6, None], rows.view(2, 2) * size, place)


def _drift(
    weights: Weights, name: str, style: Style, place: torch.Tensor, gain: Any, stir: float
) -> torch.Tensor:
    """Displace by a few long waves [shape=(2, N)]; `stir` is how far the style moves phases."""
    waves = weights.waves[name]
    phase, *sides = style[name][:-1].view(3, -1)
    reach = torch.exp(0.6 * style[name][-1].tanh() - 0.12) * gain
    mixer = weights.mixers[name] + 0.5 / math.sqrt(len(waves)) * torch.stack(sides)
    swell = torch.addmm(weights.phases[name] + stir * phase[:, None], waves, place).sin_()
    drift: torch.Tensor = (mixer / waves.norm(dim=1) * reach) @ swell
    return drift


def _weave(
    weights: Weights,
    style: Style,
    place: torch.Tensor,
    cutoff: Any,
    bent: Bend,
) -> torch.Tensor:
    """Run waves of the moved place through two folding sine layers [shape=(C, N)]."""
    waves = weights.waves["body"]
    length = waves.norm(dim=1, keepdim=True)
    phase, swell = style["body"].view(2, BODY, 1)
    loud = torch.exp(-((length / cutoff) ** 2)) * (2.4 + 0.5 * swell) / (1.0 + length)
    planes = torch.addmm(weights.phases["body"] + 0.9 * phase, waves, place).sin_()
    planes = bent("body", planes * loud)
    for name, gain in (("weave", 2.2), ("vein", 1.2)):
        phase, swell = style[name].view(2, WEAVE, 1)
        mixer = weights.mixers[name] * (1 + 0.35 * swell) * gain
        planes = bent(name, torch.addmm(0.7 * phase, mixer, planes).sin_())
    return planes


def _standardise(planes: torch.Tensor, count: int) -> torch.Tensor:
    """Give each field zero mean and unit spread over the probes; drop them [shape=(F, count)]."""
    probes = planes[:, count:]
    mean = probes.mean(1, keepdim=True)
    spread = ((probes - mean).square().mean(1, keepdim=True) + 1e-3).sqrt()
    return (planes[:, :count] - mean) / spread
