"""The track: a trajectory that is written down frame by frame, as a film editor left it.

At a frame it gives exactly what is written; between two frames it goes along great circles, values
go straight (angles the shorter way, switches and choices hold), and after a frame that a cut
follows everything holds. What somebody touches leaves the track: a parameter follows it only while
it stands at its default, and steering, throws and jumps come on top of its latents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import Manifold, firm

_SLACK = 1e-6  # of a frame: a float64 must not fall just short of its own frame


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of a track on their way through time.

    Parameters
    ----------
    cuts
        Of each frame: whether a cut follows it [shape=(N,)].
    is_loop
        Whether the first frame follows the last; otherwise the last one stays.
    """

    fps: float
    cuts: NDArray[np.bool_]
    is_loop: bool

    @property
    def last_s(self) -> float:
        """Seconds of the last frame."""
        return (len(self.cuts) - 1) / self.fps

    def wrap(self, seconds: float) -> float:
        """Place on the track, from 0 to its last moment."""
        if self.is_loop:
            return seconds % (len(self.cuts) / self.fps)
        return min(max(seconds, 0.0), self.last_s)

    def find(self, seconds: float) -> tuple[int, int, float]:
        """Frame at a place, the one after it, and how far it is on the way there, 0..1."""
        count = len(self.cuts)
        x = self.wrap(seconds) * self.fps
        first = int(x + _SLACK)
        share = x - first
        first %= count
        if share < _SLACK or self.cuts[first]:
            return first, first, 0.0
        return first, (first + 1) % count, share


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The latents of one trajectory: what is written, and the places of its place and mix.

    Parameters
    ----------
    rows
        In coordinates [shape=(N, size) or (N, points, size)].
    """

    frames: Frames
    rows: NDArray[Any]
    space: Manifold
    place: int
    mix: int


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What a track does to the values of a show.

    Parameters
    ----------
    speed, place, mix
        Places of its own parameters.
    places, defaults
        Of the parameters that follow it [shape=(K,)].
    constants
        What each of them is, if it never changes [shape=(K,)].
    moving
        Which of them change [shape=(M,)].
    columns
        Values of those at every frame [shape=(N, M)].
    is_held
        Which of them hold between frames [shape=(K,)].
    turns
        A whole turn of each that is an angle, or 0 [shape=(K,)].
    motion_s
        Seconds of motion at every frame: the TIME of shaders [shape=(N,)].
    """

    frames: Frames
    speed: int
    place: int
    mix: int
    places: NDArray[np.intp]
    defaults: NDArray[np.float64]
    constants: NDArray[np.float64]
    moving: NDArray[np.intp]
    columns: NDArray[np.float64]
    is_held: NDArray[np.bool_]
    turns: NDArray[np.float64]
    motion_s: NDArray[np.float64]

    def row(self, seconds: float) -> NDArray[np.float64]:
        """Values of the parameters that follow it, at a place [shape=(K,)]."""
        first, second, share = self.frames.find(seconds)
        values = self.columns[first]
        if share:
            held, turns = self.is_held[self.moving], self.turns[self.moving]
            values = mixed(values, self.columns[second], share, held, turns)
        row = self.constants.copy()
        row[self.moving] = values
        return row


def mixed(
    a: NDArray[np.float64], b: NDArray[np.float64], share: Any, is_held: NDArray[np.bool_],
    turns: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Go from values to others [shape=(…, K)]: straight, angles the shorter way, others hold."""
    way = b - a
    way -= turns * np.round(way / np.where(turns > 0.0, turns, 1.0))
    found: NDArray[np.float64] = np.where(is_held, a, a + share * way)
    return found


def follow(
    track: Track, values: NDArray[np.float64], base: NDArray[np.float64], ramped: Sequence[int],
    gone_s: float,
) -> None:  # fmt: skip
    """Let parameters that nobody has touched follow the track; `place` becomes where it is.

    Parameters
    ----------
    values
        Of all parameters, after ramps and routes [shape=(P,)]; written to.
    base
        Before them: one that differs from its default has been touched.
    ramped
        Places of parameters on their way to a goal: touched, too.
    gone_s
        Seconds that the playhead has travelled.
    """
    seconds = track.frames.wrap(values[track.place] + gone_s)
    values[track.place] = seconds
    mix = values[track.mix]
    if mix <= 0.0:
        return
    is_free = base[track.places] == track.defaults
    if ramped:
        is_free &= ~np.isin(track.places, ramped)
    places = track.places[is_free]
    row = track.row(seconds)[is_free]
    if mix < 1.0:
        own = values[places]
        held = row if mix >= 0.5 else own
        row = np.where(track.is_held[is_free], held, own + mix * (row - own))
    values[places] = row


def clock(track: Track | None, values: Sequence[float], own_s: float) -> float:
    """Seconds of motion: those of the track's frame, unless the show has most of the mix."""
    if track is None or values[track.mix] < 0.5:
        return own_s
    first, second, share = track.frames.find(values[track.place])
    at: Any = track.motion_s
    return float(at[first] + share * (at[second] - at[first]))


def on_track(written: Written | None, values: Sequence[float], own: Callable[[], Vector]) -> Vector:
    """Coordinates of a trajectory: those of its track, if it has any, mixed with its own motion."""
    mix = 0.0 if written is None else values[written.mix]
    if written is None or mix <= 0.0:
        return own()
    first, second, share = written.frames.find(values[written.place])
    found: Vector = written.rows[first].astype(np.float64)
    if share:
        goal = written.rows[second].astype(np.float64)
        found = written.space.slide(firm(found), firm(goal), share)
    return found if mix >= 1.0 else written.space.slide(firm(own()), firm(found), mix)
