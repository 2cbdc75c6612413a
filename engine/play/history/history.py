"""History: what hands did, in steps that can be undone and done again; and the last good state.

It watches the ticks. A gesture (a drag of a fader, of the picture, by whatever device) is one step.
What is undone comes as an event of its own into the take. Nothing of it holds a frame up: a tick
without a hand costs nothing, and a state is immutable, so that "before" is kept by reference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.control.recall.restore import Standing
from engine.core.event import Event
from engine.core.modifiers.travel import Travel
from engine.core.parameter import Kind
from engine.core.path.model import Path, PathState
from engine.core.show.show import Show
from engine.core.show.snapshot import migrate
from engine.core.show.state import State

GESTURE_S = 0.6
"""Writes of one address that are no further apart are one gesture."""
MOST_STEPS = 200
OWN = frozenset({"host", "clock", "errand", "track", "history"})
"""Sources that are no hands."""
PASSING = ("/brush/", "/grab/")
"""What leaves a trace elsewhere, which no value brings back."""
MEMORIES = ("keys", "corners", "lessons", "centre", "bans", "steer_zero", "travel")
"""What a hand makes a path remember."""

NOTHING = Standing()
Side = dict[str, Any]
"""Name of a path → it, its state, names of what a hand has changed of its memory."""


@dataclass(slots=True)
class Step:
    """One thing that a hand did.

    `old` and `new` are how it stood before and after (their `paths` are for `written`); `does` and
    `undoes` are called for what is no part of the state.
    """

    text: str
    old: Standing = NOTHING
    new: Standing = NOTHING
    source: str = ""
    tick: int = 0
    does: Callable[[], None] | None = None
    undoes: Callable[[], None] | None = None


@dataclass(slots=True)
class History:
    """Steps of a performance, the newest last."""

    done: deque[Step] = field(default_factory=lambda: deque(maxlen=MOST_STEPS))
    undone: list[Step] = field(default_factory=list)
    good: tuple[Show, State] | None = None
    good_text: str = ""

    def note(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Watch a tick; fits `Line.on_tick`."""
        if self.good is None:
            self.keep_good(show, after, "as it began")
        elif self.good[0] is not show:
            self.good = show, migrate(self.good[0], show, self.good[1])
        hands = [e.source for e in events if e.source not in OWN and e.address[:8] != "/signal/"]
        waited = [i for i, *_, by_itself in (*before.waiting, *before.awaiting) if not by_itself]
        if hands or not set(after.begun).isdisjoint(waited):
            step = between(show, before, after)
            if step is not None:
                step.source = hands[0] if hands else ""
                self._add(step, GESTURE_S * float(show.control_hz))
        if after.begun:
            self.keep_good(show, after, f"as cue {show.cues[after.begun[-1]].id} left it")

    def keep_good(self, show: Show, state: State, text: str) -> None:
        """Take a state as one to come back to."""
        self.good, self.good_text = (show, state), text

    def add(self, step: Step) -> None:
        """Add a step of another kind: a cue that was captured, a control that was mapped."""
        self.undone.clear()
        self.done.append(step)

    def _add(self, step: Step, most_ticks: float) -> None:
        last = self.done[-1] if self.done else None
        if last is not None and not self.undone and _is_one_gesture(last, step, most_ticks):
            last.old = last.old._replace(values={**step.old.values, **last.old.values})
            last.new = last.new._replace(values={**last.new.values, **step.new.values})
            last.tick, last.text = step.tick, _text(last.new.values)
            return
        self.add(step)

    def undo(self) -> Step | None:
        """Take the newest step back; None: there is none."""
        if not self.done:
            return None
        self.undone.append(self.done.pop())
        return self.undone[-1]

    def redo(self) -> Step | None:
        """Do again what was undone last; None: there is nothing."""
        if not self.undone:
            return None
        self.done.append(self.undone.pop())
        return self.done[-1]

    def back_to_good(self, show: Show, state: State) -> Step | None:
        """Make the step that leads to the last good state; None: it is there."""
        assert self.good is not None
        good = self.good[1]
        base = good.base.copy()
        # Whoever asks for it wants to see something.
        base[[show.master.blackout, show.master.freeze, show.master.hold]] = 0.0
        step = between(show, state, good._replace(base=base, begun=()))
        if step is not None:
            step.text = f"back to the last good state: {self.good_text}"
            self.add(step)
        return step


def standing_values(state: State) -> NDArray[np.float64]:
    """Values as cues that have begun will leave them [shape=(P,)]."""
    if not state.ramps:
        return state.base
    values = state.base.copy()
    for ramp in state.ramps:
        values[ramp.place] = ramp.goal
    return values


def between(show: Show, before: State, after: State) -> Step | None:
    """Make the step from one state to another; None: they stand alike."""
    old, new = standing_values(before), standing_values(after)
    places = [] if old is new else np.flatnonzero(old != new).tolist()
    listed = [
        (p.address, float(old[place]), float(new[place]))
        for place, p in ((place, show.registry.parameters[place]) for place in places)
        if p.kind is not Kind.TRIGGER and not p.address.startswith(PASSING)
    ]
    paths_old, paths_new = _paths(show, before, after)
    cues = _cue(show, before), _cue(show, after)
    is_begun = cues[0] != cues[1] or bool(after.begun)
    if not (listed or paths_old or is_begun):
        return None
    values_old = {address: value for address, value, _ in listed}
    values_new = {address: value for address, _, value in listed}
    text = f"cue {cues[1]}" if is_begun and cues[1] else _text(values_new, paths_new)
    cue_old, cue_new = cues if is_begun else (None, None)
    lists_old, lists_new = (_lists(show, s) if is_begun else {} for s in (before, after))
    return Step(
        text,
        Standing(values_old, cue_old, lists_old, paths_old),
        Standing(values_new, cue_new, lists_new, paths_new),
        tick=after.tick,
    )


def _cue(show: Show, state: State) -> str:
    return show.cues[state.cue].id if state.cue >= 0 else ""


def _lists(show: Show, state: State) -> Mapping[str, Sequence[int]]:
    return {each.id: tuple(at) for each, at in zip(show.lists, state.lists, strict=True)}


def _paths(show: Show, before: State, after: State) -> tuple[Side, Side]:
    """What hands have changed of paths: their jumps and what they remember."""
    old: Side = {}
    new: Side = {}
    for path, a, b in zip(show.constants.paths, before.paths, after.paths, strict=True):
        names = [n for n in MEMORIES if not _is_same(path, n, a.memory.get(n), b.memory.get(n))]
        if a.place != b.place or names:
            old[path.name] = path, a, names
            new[path.name] = path, b, names
    return old, new


def _is_same(path: Path, name: str, a: Any, b: Any) -> bool:
    """Whether a path remembers the same; of a way only where it leads counts."""
    if a is b or a is None or b is None:
        return a is b
    if isinstance(a, Travel):
        goals = a.goal, b.goal
        return bool(goals[0] is goals[1] or np.array_equal(*goals))  # type: ignore[arg-type]
    write = path.parts.memory[name].write
    return bool(write(a) == write(b))


def written(standing: Standing) -> Standing:
    """Write what paths knew as plain data: only what is really put back costs that."""
    paths = {name: _known(*each) for name, each in standing.paths.items()}
    return standing._replace(paths=paths)


def _known(path: Path, state: PathState, names: Sequence[str]) -> Sequence[Any]:
    kept, memory = path.parts.memory, state.memory
    found = {n: kept[n].write(memory[n]) if n in memory else None for n in names}
    return [state.place, found]


def _is_one_gesture(last: Step, step: Step, most_ticks: float) -> bool:
    is_plain = not any(s.cue is not None or s.paths for s in (last.new, step.new))
    is_same = last.source == step.source and not last.does
    is_near = step.tick - last.tick <= most_ticks
    shared = last.new.values.keys() & step.new.values.keys()
    return is_plain and is_same and is_near and bool(shared)


def _text(values: Mapping[str, float], paths: Mapping[str, Any] | None = None) -> str:
    """Say what was changed."""
    if paths:
        return "what was done to " + ", ".join(paths)
    if len(values) == 1:
        return next(iter(values))
    roots = {address.rpartition("/")[0] for address in values}
    return f"{next(iter(roots))}/…" if len(roots) == 1 else f"{len(values)} values"
