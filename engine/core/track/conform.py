"""Conform: let the frames of a trajectory follow the edit of a film that was made of it. Pure.

After M. Akten, R. Fiebrink and M. Grierson, "Deep Meditations: controlled navigation of latent
space" (2020): a film is rendered of a trajectory, cut in any video editor, and the cut is carried
back to the latents. Here a dissolve is one of latents, a speed resamples along the port's own
space, and what an editor leaves empty is held or bridged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector, length
from engine.core.latent.manifold import Manifold, firm
from engine.core.track.track import mixed

Floats = NDArray[np.float64]


class Shot(NamedTuple):
    """What one frame of an edit shows, in frames of the proxy; None: nothing.

    Parameters
    ----------
    first, second, share
        While one dissolves into another both, and the share of the second.
    place
        Which item it is, for messages; where it changes there may be a cut.
    speed
        Frames of the proxy per frame of the edit.
    """

    first: Fraction | None
    second: Fraction | None = None
    share: Fraction = Fraction(0)
    place: str = ""
    speed: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, eq=False)
class TrackFrames:
    """Frames of a track: a control state frame by frame.

    Parameters
    ----------
    values, is_held, turns
        As in `engine.core.track.track.Track` [shape=(N, K), (K,), (K,)].
    motion_s
        TIME of shaders [shape=(N,)].
    cuts
        Whether a cut follows a frame [shape=(N,)].
    latents
        Address → coordinates [shape=(N, size) or (N, points, size)].
    spaces
        Address → in which they move.
    """

    values: Floats
    is_held: NDArray[np.bool_]
    turns: Floats
    motion_s: Floats
    cuts: NDArray[np.bool_]
    latents: Mapping[str, NDArray[Any]]
    spaces: Mapping[str, Manifold]


def conform(
    frames: TrackFrames, shots: Sequence[Shot], *, is_bridged: bool = False, heal: int = 0,
    is_loop: bool = False,
) -> TrackFrames:  # fmt: skip
    """Follow an edit.

    Parameters
    ----------
    shots
        Of every frame, at least one of which shows something.
    is_bridged
        Whether gaps are bridged; otherwise what was last seen stays.
    heal
        Frames around each cut that go over smoothly, with the velocities at their ends (C1).
    is_loop
        Whether the end is cut to the beginning, and healed too.
    """
    seen = np.array([shot.first is not None for shot in shots])
    filled = _filled(shots)
    places = [s.first if s.first is not None else Fraction(0) for s in filled]
    found = _resampled(frames, places)
    fading = [n for n, shot in enumerate(filled) if shot.second is not None]
    if fading:
        other = _resampled(frames, [filled[n].second or Fraction(0) for n in fading])
        _dissolve(found, other, fading, [float(filled[n].share) for n in fading])
    ends = [*pairwise(filled), (filled[-1], filled[0])]
    is_cut = [_is_cut(frames, a, b) for a, b in ends]
    is_cut[-1] = is_cut[-1] or not is_loop
    found = replace(found, cuts=np.array(is_cut))
    if is_bridged:
        for first, last in _runs(~seen):
            if first > 0 and last + 1 < len(shots):
                _bridge(found, first - 1, last + 1)
    if heal > 0:
        cuts = found.cuts if is_loop else found.cuts[:-1]
        spans = [_smoothed_span(found, cut, heal) for cut in np.flatnonzero(cuts).tolist()]
        for first, last in spans:
            _bridge(found, first, last)
    return found


def _filled(shots: Sequence[Shot]) -> list[Shot]:
    """Hold what was last seen in gaps; before anything is seen, what comes first."""
    held = next(shot for shot in shots if shot.first is not None)
    found: list[Shot] = []
    for shot in shots:
        held = shot if shot.first is not None else held._replace(speed=Fraction(0))
        found.append(held)
    return found


def _resampled(frames: TrackFrames, places: Sequence[Fraction]) -> TrackFrames:
    """Take frames at fractional places; at whole ones exactly what is there."""
    last = len(frames.motion_s) - 1
    bounded = [min(max(place, Fraction(0)), Fraction(last)) for place in places]
    first = np.array([int(place) for place in bounded])
    share = np.array([float(place - int(place)) for place in bounded])
    share[frames.cuts[first]] = 0.0
    second = np.minimum(first + 1, last)
    values, motion_s = frames.values[first], frames.motion_s[first]
    between = np.flatnonzero(share)
    part, after = share[between], second[between]
    values[between] = mixed(
        values[between], frames.values[after], part[:, None], frames.is_held, frames.turns
    )
    motion_s[between] += part * (frames.motion_s[after] - motion_s[between])
    latents = {name: rows[first] for name, rows in frames.latents.items()}
    for name, rows in latents.items():
        for n in between.tolist():
            rows[n] = _slide(frames, name, rows[n], frames.latents[name][second[n]], share[n])
    return replace(frames, values=values, motion_s=motion_s, latents=latents)


def _slide(frames: TrackFrames, name: str, a: Vector, b: Vector, share: float) -> Vector:
    wide = (firm(a.astype(np.float64)), firm(b.astype(np.float64)))
    return frames.spaces[name].slide(*wide, share)


def _dissolve(
    found: TrackFrames, other: TrackFrames, fading: Sequence[int], share: Sequence[float]
) -> None:
    """Go from one shot to the other on every frame of their dissolves; written into `found`."""
    part = np.array(share)
    far = np.where(part[:, None] >= 0.5, other.values, found.values[fading])
    near = mixed(
        found.values[fading], other.values, part[:, None], np.zeros_like(found.is_held), found.turns
    )
    found.values[fading] = np.where(found.is_held, far, near)
    found.motion_s[fading] += part * (other.motion_s - found.motion_s[fading])
    for name, rows in found.latents.items():
        for n, at in enumerate(fading):
            rows[at] = _slide(found, name, rows[at], other.latents[name][n], share[n])


def _is_cut(frames: TrackFrames, before: Shot, after: Shot) -> bool:
    """Whether two frames that follow each other do so by a cut, of the edit or of the track."""
    most, at = max(abs(before.speed), abs(after.speed)), after.first
    if at is None:
        return True
    left = [each for each in (before.first, before.second) if each is not None]
    leaves = min(left, key=lambda each: abs(at - each))
    if before.place != after.place and abs(at - leaves) > most:
        return True
    low, high = sorted((int(max(leaves, Fraction(0))), int(max(at, Fraction(0)))))
    return bool(frames.cuts[low:high].any())


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of flags that are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _smoothed_span(frames: TrackFrames, cut: int, most: int) -> tuple[int, int]:
    """First and last frame of the arc over a cut; each side gives at most half of its shot."""
    count = len(frames.cuts)
    before, after = _shot_frames(frames, cut, -1), _shot_frames(frames, (cut + 1) % count, 1)
    left = min(most // 2, (before - 1) // 2)
    right = min(most - most // 2, (after - 1) // 2)
    return cut - left, cut + 1 + right


def _shot_frames(frames: TrackFrames, at: int, step: int) -> int:
    """Frames from a place to the next cut in a direction, that place included."""
    found, count = 1, len(frames.cuts)
    while found < count and not frames.cuts[(at if step > 0 else at - 1) % count]:
        at += step
        found += 1
    return found


def _bridge(frames: TrackFrames, first: int, last: int) -> None:
    """Go over from one frame to another with their velocities; written into `frames`.

    A cubic in the space of each port by de Casteljau's algorithm, of values the cubic Hermite.
    """
    count, steps = len(frames.cuts), last - first
    a, b = first % count, last % count
    before = (a - 1) % count if a > 0 and not frames.cuts[a - 1] else a
    after = (b + 1) % count if not frames.cuts[b] else b
    inner = [(first + k) % count for k in range(1, steps)]
    shares = np.arange(1, steps)[:, None] / steps
    _bridge_values(frames, (before, a, b, after), inner, shares)
    for name, rows in frames.latents.items():
        space = frames.spaces[name]
        p, q, back, on = (firm(rows[n].astype(np.float64)) for n in (a, b, before, after))
        c = space.exp(p, _bounded(-space.log(p, back) * steps / 3.0, p))
        d = space.exp(q, _bounded(-space.log(q, on) * steps / 3.0, q))
        for n, t in zip(inner, shares[:, 0].tolist(), strict=True):
            pc, cd, dq = space.slide(p, c, t), space.slide(c, d, t), space.slide(d, q, t)
            rows[n] = space.slide(space.slide(pc, cd, t), space.slide(cd, dq, t), t)
    for n in [a, *inner]:
        frames.cuts[n] = False


def _bounded(tangent: Vector, point: Vector) -> Vector:
    """Keep a tangent within a quarter turn: a long bridge must not go round the sphere."""
    ratio = length(tangent.ravel()) / max(0.5 * np.pi * length(point.ravel()), 1e-12)
    return tangent / max(ratio, 1.0)


def _bridge_values(
    frames: TrackFrames, around: tuple[int, int, int, int], inner: Sequence[int], t: Floats
) -> None:
    steps = len(inner) + 1
    _, a, b, _ = around
    for table, turns in ((frames.values, frames.turns), (frames.motion_s[:, None], np.zeros(1))):
        none = np.zeros(table.shape[1], bool)
        rows = [table[n] for n in around]
        back = (rows[1] - mixed(rows[1], rows[0], 1.0, none, turns)) * steps
        on = (mixed(rows[2], rows[3], 1.0, none, turns) - rows[2]) * steps
        way = mixed(rows[1], rows[2], 1.0, none, turns) - rows[1]
        table[inner] = (
            rows[1] + (3 * t**2 - 2 * t**3) * way + t * (1 - t) ** 2 * back + t**2 * (t - 1) * on
        )
    held = np.where(t < 0.5, frames.values[a], frames.values[b])
    frames.values[inner] = np.where(frames.is_held, held, frames.values[inner])
