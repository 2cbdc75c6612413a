"""Point tracking and motion supervision: the latent moves so that a dragged feature follows.

X. Pan et al., "Drag your GAN: interactive point-based manipulation on the generative image
manifold" (2023), written from its formulas. One step looks at features of the picture and does two
things: it finds the grabbed feature again, the nearest to what was grabbed (point tracking), and
moves the latent so that what is there appears a little nearer to the goal (motion supervision):
the features around the point, as they are, are wanted where the next small step leads to.

Other than in the paper the latent keeps its length (`modifiers.drag.turned`), and the step is as
long as that small motion is foreseen to need (Gauss-Newton along the gradient), within an angle
that grows while the feature comes nearer and shrinks when it goes away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from engine.generators.libraries import functional, torch

UNIT_PX = 32
"""Lengths below are in a map that is so wide; in a wider one they are longer."""
STEP_PX, PATCH_PX, REACH_PX, SEEN_PX = 1.0, 1.5, 1.25, 1.0
"""Motion that a step aims at; radius of what is moved, of the search, and of what is compared."""
NEAR_PX = 0.15
FIRST_RAD, LEAST_RAD, MOST_RAD = 0.03, 0.005, 0.12
GAIN, MOMENTUM = 0.7, 0.4
GROWTH, SHRINKAGE = 1.3, 0.5
FARTHEST = 1.2
"""Longest displacement, relative to the latent: 50 degrees."""

Point = tuple[float, float]
Features = Callable[["torch.Tensor"], "torch.Tensor"]
"""From coordinates [shape=(rows, D)] to features with gradients [shape=(C, H, W)]."""


@dataclass(frozen=True, slots=True)
class TrackedPoint:
    """A feature in somebody's hand.

    Parameters
    ----------
    displacement, momentum
        Of the coordinates, and what of the last step goes on [shape=(rows, D)].
    seen
        Features around the point when it was grabbed [shape=(C, K)]; None before the first step.
    point
        Where the feature is, in widths and heights of the picture from its upper left corner.
    left
        How far it is from the goal, in widths of the map of `UNIT_PX`.
    reach_rad
        Largest angle of the next step.
    """

    displacement: torch.Tensor
    momentum: torch.Tensor
    seen: torch.Tensor | None
    point: Point
    left: float = 0.0
    reach_rad: float = FIRST_RAD


def begin_tracking(displacement: torch.Tensor, point: Point) -> TrackedPoint:
    """Take a point of the picture in hand, on top of what is displaced already."""
    return TrackedPoint(displacement, displacement.new_zeros(displacement.shape), None, point)


def turned(z: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
    """Displace coordinates [shape=(rows, D)] as `modifiers.drag.turned` does, with gradients."""
    square = z.square().sum(-1, keepdim=True).clamp_min(1e-12)
    found = z + displacement - (displacement * z).sum(-1, keepdim=True) / square * z
    return found * (square / found.square().sum(-1, keepdim=True).clamp_min(1e-12)).sqrt()


def step(features: Features, z: torch.Tensor, tracked: TrackedPoint, goal: Point) -> TrackedPoint:
    """Look where the feature is now, and move the latent a little.

    Parameters
    ----------
    features
        Of the picture that coordinates make.
    z
        Coordinates as they are without the hand [shape=(rows, D)].
    goal
        Where the feature is wanted, like `TrackedPoint.point`.
    """
    displacement = tracked.displacement.detach().requires_grad_()
    planes = features(turned(z, displacement))
    seen_now = planes.detach()
    size = planes.new_tensor((planes.shape[2], planes.shape[1]))
    unit = max(planes.shape[2] / UNIT_PX, 0.5)
    point = planes.new_tensor(tracked.point) * size - 0.5
    around = _window(max(round(SEEN_PX * unit), 1), planes.device)
    seen = tracked.seen
    if seen is None:
        seen = _sample(seen_now, point + around)
    else:
        point = _find(seen_now, seen, point, around, max(round(REACH_PX * unit), 1))
        point = torch.minimum(point.clamp_min(0.0), size - 1)
    way = planes.new_tensor(goal) * size - 0.5 - point
    left = float(way.norm()) / unit
    place = ((point + 0.5) / size).tolist()
    found = TrackedPoint(displacement.detach(), tracked.momentum, seen, (place[0], place[1]), left)
    if left < NEAR_PX:
        return found
    small = way * min(STEP_PX / left, 1.0)
    patch = point + _window(max(round(PATCH_PX * unit), 1), planes.device)
    error = _sample(planes, patch + small) - _sample(seen_now, patch)
    loss = error.square().sum()
    (slope,) = torch.autograd.grad(0.5 * loss, displacement)
    return _moved(found, tracked, z, slope * (float(loss.detach()) / _square(slope)))


def _moved(
    found: TrackedPoint, before: TrackedPoint, z: torch.Tensor, change: torch.Tensor
) -> TrackedPoint:
    """Make a step against a change of the displacement, as far as it may go."""
    is_nearer = before.left == 0.0 or found.left <= before.left
    reach_rad = before.reach_rad * (GROWTH if is_nearer else SHRINKAGE)
    reach_rad = min(max(reach_rad, LEAST_RAD), MOST_RAD)
    change = MOMENTUM * before.momentum + GAIN * change.nan_to_num()
    length = float(z.norm()) or 1.0
    change = change * min(reach_rad * length / max(float(change.norm()), 1e-12), 1.0)
    there = found.displacement - change
    lengths = there.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    there = there * torch.minimum(FARTHEST * z.norm(dim=-1, keepdim=True) / lengths, lengths**0)
    return TrackedPoint(there, change, found.seen, found.point, found.left, reach_rad)


def _square(slope: torch.Tensor) -> float:
    return max(float(slope.square().sum()), 1e-20)


@lru_cache(maxsize=16)
def _window(radius: int, device: torch.device) -> torch.Tensor:
    """Offsets in a square, x first, row by row [shape=((2 radius + 1)^2, 2)]."""
    axis = torch.arange(-radius, radius + 1, dtype=torch.float32, device=device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def _sample(planes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Interpolate planes [shape=(C, H, W)] at places in pixels [shape=(K, 2)] as (C, K)."""
    size = planes.new_tensor((planes.shape[2], planes.shape[1]))
    grid = (2 * places + 1) / size - 1
    found = functional.grid_sample(
        planes[None], grid[None, None], padding_mode="border", align_corners=False
    )
    return found[0, :, 0]


def _find(
    planes: torch.Tensor, seen: torch.Tensor, point: torch.Tensor, around: torch.Tensor, reach: int
) -> torch.Tensor:
    """Find what was seen near to a point [shape=(2,)], to a part of a pixel."""
    offsets = _window(reach, planes.device)
    places = (point + offsets)[:, None] + around
    there = _sample(planes, places.reshape(-1, 2)).view(len(planes), len(offsets), -1)
    apart = (there - seen[:, None]).abs().mean(dim=(0, 2)).tolist()
    side = 2 * reach + 1
    best = min(range(len(apart)), key=apart.__getitem__)
    row, column = divmod(best, side)
    x = _vertex(apart[row * side : (row + 1) * side], column)
    y = _vertex(apart[column::side], row)
    return point + offsets[best] + offsets.new_tensor((x, y))


def _vertex(apart: list[float], best: int) -> float:
    """How far the lowest point of a parabola through three values is from the middle one."""
    if not 0 < best < len(apart) - 1:
        return 0.0
    before, here, after = apart[best - 1 : best + 2]
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend > 1e-12 else 0.0
