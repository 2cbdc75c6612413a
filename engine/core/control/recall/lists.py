"""Cue lists: GO, back, by lot without repeats, and what comes next."""

from __future__ import annotations

from functools import lru_cache

from engine.core.rng import draw
from engine.core.show.controls import CueList
from engine.core.show.show import Show
from engine.core.show.state import ListState, State


def step(show: Show, state: State, number: int, act: str) -> tuple[State, int]:
    """Go through a list: ``go``, ``back``, ``random``; return state and cue, -1: none."""
    listed, at = show.lists[number], state.lists[number]
    place = _place(show, listed, at, act)
    if place < 0:
        return state, -1
    draws = at.draws + (act == "random")
    lists = list(state.lists)
    lists[number] = ListState(place, draws)
    return state._replace(lists=tuple(lists)), listed.cues[place]


def _place(show: Show, listed: CueList, at: ListState, act: str) -> int:
    """Where a list goes on; -1: it is at its end."""
    count = len(listed.cues)
    if act == "random":
        return drawn(show.seed, listed.id, count, at.draws)
    place = at.at + 1 if act == "go" else at.at - 1
    if 0 <= place < count:
        return place
    return place % count if listed.loops else -1


def next_cue(show: Show, state: State, number: int = 0) -> int:
    """Index of the cue that GO would begin; -1: none."""
    if number >= len(show.lists):
        return -1
    place = _place(show, show.lists[number], state.lists[number], "go")
    return show.lists[number].cues[place] if place >= 0 else -1


def drawn(seed: int, name: str, count: int, draws: int) -> int:
    """Place that the lot falls on after so many draws: every round goes through all of them.

    No round begins with what the one before has ended with.
    """
    turn, place = divmod(draws, count)
    if count < 3:
        return place
    order = _order(seed, name, count, turn)
    if place < 2 and turn and _order(seed, name, count, turn - 1)[-1] == order[0]:
        place = 1 - place
    return order[place]


@lru_cache(maxsize=64)
def _order(seed: int, name: str, count: int, turn: int) -> tuple[int, ...]:
    return tuple(draw(seed, f"/cues/{name}", turn, count).argsort().tolist())


def follow(show: Show, state: State, index: int) -> State:
    """Let every list that has a cue go on from it when that begins, whoever called it."""
    lists = list(state.lists)
    for number, (listed, at) in enumerate(zip(show.lists, state.lists, strict=True)):
        count = len(listed.cues)
        if index in listed.cues and (at.at < 0 or listed.cues[at.at] != index):
            ahead = (at.at + 1 + k for k in range(count))
            place = next(p % count for p in ahead if listed.cues[p % count] == index)
            lists[number] = at._replace(at=place)
    return state._replace(lists=tuple(lists))


def following(show: Show, state: State) -> int:
    """Number of the list that goes on by itself now; -1: none."""
    for number, (listed, at) in enumerate(zip(show.lists, state.lists, strict=True)):
        if listed.follows and at.at >= 0 and listed.cues[at.at] == state.cue:
            return number
    return -1
