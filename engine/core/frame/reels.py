"""Playheads of films: a closed form of the state, moved by events, cues, the speed and the beat."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.control.cues import goals_of
from engine.core.show.layer import Reel
from engine.core.show.show import Show
from engine.core.show.state import ReelState, State

SLACK_S = 1e-6
"""A float64 must not fall just short of its own frame, nor of the beginning of the next round."""
_LAST_S = 1e-3
"""Before the end, where a film stays that does not loop: less than any frame."""


def follow_reels(show: Show, state: State, values: NDArray[np.float64], dt: float) -> None:
    """Let ``/layer/ID/film/position`` say where each playhead is, `dt` seconds of motion on.

    Parameters
    ----------
    values
        Of all parameters, after ramps and routes [shape=(P,)]; written to.
    """
    for reel, head in zip(show.constants.reels, state.reels, strict=True):
        if head.length_s > 0.0:
            gone_s = _travelled(show, state, head, dt)
            place_s = values[reel.position] * head.length_s + gone_s
            is_round = values[reel.loop] >= 0.5 and gone_s != 0.0
            values[reel.position] = _wrapped(place_s, head.length_s, is_round) / head.length_s


def move_reels(
    show: Show, before: State, state: State, written: Collection[int]
) -> tuple[ReelState, ...]:
    """Move playheads on a tick to where an event, a cue or a ramp says, or to their beginning.

    Parameters
    ----------
    before
        The state of the tick before.
    written
        Places that events wrote to, or that fired.
    """
    touched = {*written, *(ramp.place for ramp in state.ramps)}
    for index in state.begun:  # also one that sets what is there
        touched.update(goals_of(show, state, index))
    return tuple(
        _sought(state, head, -float(state.base[reel.position]) * head.length_s)
        if reel.restart in touched
        else _sought(state, head, 0.0)
        if reel.position in touched or before.base[reel.position] != state.base[reel.position]
        else head
        for reel, head in zip(show.constants.reels, state.reels, strict=True)
    )


def aim_reels(show: Show, state: State, values: Sequence[float]) -> tuple[ReelState, ...]:
    """Give each playhead the speed that holds from this tick on; what is seen does not jump.

    Only a film that goes by the beat is where the beat says, at once.
    """
    return tuple(
        _aimed(show, state, values, pair)
        for pair in zip(show.constants.reels, state.reels, strict=True)
    )


def _aimed(
    show: Show, state: State, values: Sequence[float], pair: tuple[Reel, ReelState]
) -> ReelState:
    reel, head = pair
    first, last = sorted((values[reel.begin], values[reel.end]))
    begin_s = first * reel.duration_s
    length_s = max((last - first) * reel.duration_s, _LAST_S)
    beats, position = values[reel.beats], values[reel.position]
    is_paused = values[reel.pause] >= 0.5
    if beats > 0.0 and not is_paused:
        rate = values[reel.speed] * length_s / beats
        gone_s = head.gone_s
        if not head.is_synced and head.length_s > 0.0:  # onto the beat, not from where it was
            gone_s = -position * length_s
        beat = state.transport.beat
        return ReelState(gone_s, 0.0, rate, begin_s, length_s, True, head.lock, beat)
    rate = 0.0 if is_paused else values[reel.speed] * values[show.master.speed]
    way = rate, begin_s, length_s, False
    if way == (head.rate, head.begin_s, head.length_s, head.is_synced):
        return head
    gone_s = 0.0
    if head.length_s > 0.0:
        newest = head._replace(beat=state.transport.beat)
        place_s = position * head.length_s + _travelled(show, state, newest, 0.0)
        place_s = _wrapped(place_s, head.length_s, values[reel.loop] >= 0.5)
        gone_s = head.begin_s + place_s - begin_s - position * length_s
    return ReelState(gone_s, float(state.tick - state.still_ticks), *way, head.lock, head.beat)


def _sought(state: State, head: ReelState, gone_s: float) -> ReelState:
    """Count from now on, and a film that goes by the beat from this beat on."""
    beat = state.transport.beat
    origin = float(state.tick - state.still_ticks)
    if head.is_synced:
        return head._replace(gone_s=gone_s, lock=beat, beat=beat)
    return head._replace(gone_s=gone_s, origin=origin)


def _travelled(show: Show, state: State, head: ReelState, dt: float) -> float:
    """Seconds of film from where the parameter says, `dt` seconds of motion after the tick."""
    if head.is_synced:
        return head.gone_s + (head.beat + state.transport.bpm / 60.0 * dt - head.lock) * head.rate
    ticks = state.tick - state.still_ticks - head.origin
    return head.gone_s + (ticks / show.constants.control_hz + dt) * head.rate


def _wrapped(place_s: float, length_s: float, is_round: bool) -> float:
    """Place within the part; without a loop, and where a hand put it, its end is its last frame."""
    if is_round and not 0.0 <= place_s <= length_s - _LAST_S:
        return max((place_s + SLACK_S) % length_s - SLACK_S, 0.0)
    return place_s if is_round else min(max(place_s, 0.0), max(length_s - _LAST_S, 0.0))
