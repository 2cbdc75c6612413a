"""Frame line of live and film alike: ticks, picture steps, plan, pixels, picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Protocol

from engine.compositor.compose import Compositor
from engine.compositor.gl.program import ShaderError
from engine.core.clock import newest_index, seconds_at
from engine.core.control.signals import Held, hold_pulses, with_pulses
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.links import borrowed
from engine.core.frame.plan import Plan
from engine.core.frame.sample import preview, sample, step_at
from engine.core.show.lettering import Writing
from engine.core.show.show import Show
from engine.core.show.snapshot import migrate
from engine.core.show.state import State
from engine.documents.show.load import ShowError
from engine.play.pacer import Stopwatch


def resized(show: Show, size_px: tuple[int, int]) -> Show:
    """The show on a canvas of another size."""
    return show if show.size_px == size_px else replace(show, size_px=size_px)


def load_shaders(
    compositor: Compositor, show: Show, unfit: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Compile a show's shaders but the `unfit` ones, which must not be drawn; upload its pictures.

    Raises
    ------
    ShowError
        If one does not compile, with its file and line.
    """
    compositor.set_picture_hz(float(show.picture_hz))
    for name, rgba in show.pictures.items():
        compositor.load_picture(name, rgba)
    compositor.load_fonts({w.font: show.files[w.font] for w in written(show) if w.font})
    for name, text in show.shaders.items():
        if unfit.get(name) == text:
            continue
        try:
            header = compositor.load(name, text)
        except ShaderError as error:
            raise ShowError(str(error)) from None
        for each in header.imported:
            if (brought := f"{name}/{each.name}") not in show.pictures:
                compositor.load_picture(brought, None)  # it is gone, or never was there


def written(show: Show) -> Iterator[Writing]:
    """What the text layers of a show say."""
    return (layer.writing for layer in show.constants.written if layer.writing)


def seeded(show: Show, seed: int | None) -> Show:
    """The show with another seed."""
    return show if seed is None else replace(show, seed=seed)


EventsOf = Callable[[int], Sequence[Event]]
LOAD = "/show/load"
LEAVE_OUT = "/clock/leave_out"
"""Index of a picture step: those up to it that are not taken yet never are."""


class Pixels(Protocol):
    """Where a plan's generator pixels come from: worker processes live, inline in a film."""

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Newest pixels of the named layers' generators for this plan, by layer ID."""

    def see(self, compositor: Compositor) -> None:
        """Let generators' image ports see what this compositor draws."""


@dataclass(slots=True)
class Line:
    """The show while it plays: what is constant, the state, and the newest picture step.

    Parameters
    ----------
    show, state
        Constant · at the newest tick.
    step
        Index of the newest picture step, -1 before the first.
    shows
        Content hash → show, for reloads.
    on_tick
        Called with (show, state before, events, state after) of every tick: takes, plan files.
    on_show
        Called with (show, steps) when another show is loaded; those are of the one before it, and
        to be drawn before.
    """

    show: Show
    state: State
    step: int
    shows: Mapping[str, Show]
    on_tick: Callable[[Show, State, Sequence[Event], State], None] | None = None
    on_show: Callable[[Show, Sequence[Plan]], None] | None = None
    _newest: Plan | None = None
    _newest_held: Held = field(default_factory=dict)  # what that plan saw
    _held: Held = field(default_factory=dict)  # since the last frame
    _held_for_step: Held = field(default_factory=dict)
    _seen: int = -1  # newest step before this frame's
    _due: list[Plan] = field(default_factory=list)  # steps that are not handed out yet
    _left_out: int = -1  # no step up to this one is taken any more
    _gone: int = 0  # steps left out since the newest that was taken

    def control(self, seconds: Fraction, events_of: EventsOf) -> list[Plan]:
        """Advance every tick up to `seconds`; sample each picture step that falls in between.

        Steps are sampled at their own times from the tick that was newest then, so that they do
        not depend on the rate of frames. A signal of one tick is held for the next step, and for
        the frame at `seconds`: so the same take shows the same onsets at every rate.
        """
        rate = self.show.control_hz
        self._held, self._seen = {}, self.step
        for tick in range(self.state.tick + 1, newest_index(seconds, rate) + 1):
            self._take_steps(seconds_at(tick, rate), is_open=True)
            self.tick(tick, events_of(tick))
            hold_pulses(self.show, self.state, self._held)
            hold_pulses(self.show, self.state, self._held_for_step)
        self._take_steps(seconds, is_open=False)
        return self._hand_out()

    def tick(self, tick: int, events: Sequence[Event]) -> None:
        """Advance one tick, through a reload if there is one."""
        for event in events:
            if event.address == LOAD and isinstance(event.value, str):
                self._swap(event.value)
            if event.address == LEAVE_OUT and isinstance(event.value, int):
                self._left_out = event.value
        before = self.state
        self.state = advance(self.show, before, tick, events)
        if self.on_tick is not None:
            self.on_tick(self.show, before, events, self.state)

    def _swap(self, name: str) -> None:
        show = self.shows[name]
        self.state = migrate(self.show, show, self.state)
        self.show = show
        self._newest = None
        if self.on_show is not None:
            self.on_show(show, self._hand_out())

    def _hand_out(self) -> list[Plan]:
        plans, self._due = self._due, []
        return plans

    def due(self, seconds: Fraction) -> int:
        """How many steps there are up to a time, if the show is not frozen meanwhile."""
        return 0 if self.state.is_still else math.floor(self._motion(seconds)) - self.step

    def _motion(self, seconds: Fraction) -> Fraction:
        """Show time without its frozen parts, in steps."""
        still = seconds_at(self.state.still_ticks, self.show.control_hz)
        return (seconds - still) * self.show.picture_hz

    def _take_steps(self, until: Fraction, is_open: bool) -> None:
        """Sample the steps up to a time, from the present tick."""
        show, state = self.show, self.state
        if state.tick < 0 or state.is_still:
            return
        motion = self._motion(until)
        last = math.ceil(motion) - 1 if is_open else math.floor(motion)
        still = seconds_at(state.still_ticks, show.control_hz)
        while self.step < last:
            self.step += 1
            if self.step <= self._left_out:
                self._gone += 1
                continue
            at = seconds_at(self.step, show.picture_hz) + still
            # A step that fell into a frozen stretch is taken where the motion goes on.
            moment = max(at, seconds_at(state.tick, show.control_hz))
            self._newest_held, self._held_for_step = self._held_for_step, {}
            seen = with_pulses(show, state, self._newest_held)
            # It sees what happened since the step before it, however long ago that was.
            before = self.step - 1 - self._gone if self._gone else None
            self._gone = 0
            self._newest = sample(show, seen, float(moment), before)
            self._due.append(self._newest)

    def plan(self, seconds: Fraction) -> Plan:
        """Sample the frame itself; if it sees what the newest step saw, it is that step's plan."""
        newest, at = self._newest, float(seconds)
        if newest is None or newest.seconds != at or newest.tick != self.state.tick:
            return sample(self.show, self.seen, at, self._seen)
        has_seen_all = self._seen == self.step - 1 or not self.state.fired
        if has_seen_all and self._held == self._newest_held:
            return newest
        return sample(self.show, self.seen, at, self._seen)

    def preview(self, seconds: Fraction) -> Plan | None:
        """Sample the deck that is not on air; None: the show has no decks."""
        return preview(self.show, self.seen, float(seconds), self._seen)

    @property
    def seen(self) -> State:
        """The state as the frame sees it to which the line has gone on."""
        return with_pulses(self.show, self.state, self._held)


def needed_layers(plan: Plan, is_step: bool) -> list[str]:
    """Layers whose generators a step (or a frame) has to look at."""
    everything = is_step and plan.keeps_picture
    ids: list[str] = []
    there = (*plan.layers, *plan.hidden)
    for layer in (*there, *plan.chains):
        if layer.is_stepped == is_step or everything:
            ids += sorted(borrowed([layer], there, is_kept=True))
    if is_step:
        ids += sorted(borrowed(plan.watched, there))
    return list(dict.fromkeys(ids))


def draw(
    compositor: Compositor,
    pixels: Pixels,
    steps: Sequence[Plan],
    plan: Plan,
    watch: Stopwatch | None = None,
) -> Any:
    """Step the histories by the plans of the steps since the last frame, then draw the frame.

    Returns
    -------
    Picture
    """
    for each in steps:
        step_histories(compositor, pixels, each, watch)
    found = pixels.of(plan, needed_layers(plan, is_step=False))
    _lap(watch, "upload", True)
    picture = compositor.compose(plan, found)
    _lap(watch, "compose", True)
    return picture


def step_histories(
    compositor: Compositor, pixels: Pixels, step: Plan, watch: Stopwatch | None = None
) -> None:
    """Advance every history by one picture step, if there is any; no frame is drawn."""
    if step.views:
        pixels.see(compositor)
    drawn = (*step.layers, *step.hidden, *step.master_chain)
    if step.views or any(layer.is_stepped for layer in drawn):
        found = pixels.of(step, needed_layers(step, is_step=True))
        _lap(watch, "upload", True)
        compositor.step(step, found)
        _lap(watch, "compose", True)


def _lap(watch: Stopwatch | None, stage: str, is_whole: bool) -> None:
    if watch is not None:
        watch.lap(stage, is_whole)


def first_step(show: Show, state: State) -> int:
    """Newest step at the state's tick: where stepping goes on after a jump to a snapshot."""
    if state.tick < 0:
        return -1
    return step_at(show, state, state.tick / float(show.control_hz))
