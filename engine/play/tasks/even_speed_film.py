"""Even speed in films and plans: stretches are measured before they are needed.

A take holds its tables. A show that was never played has none: its generators are looked at here,
on fixed ticks, in this process, so that the same show always gives the same film.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from engine.core.event import Event
from engine.core.show.layer import Generator
from engine.generators import registry
from engine.generators.host.inline_host import InlineHost
from engine.play.line import Line
from engine.play.tasks.even_speed import ProbedPath, ProbeSchedule, probe_task, probed_paths

CHECK_TICKS = 30


class Evened:
    """A show's own events by tick, and the tables of its paths that are to be even."""

    def __init__(self, events_of: Callable[[int], Sequence[Event]]) -> None:
        self._events_of = events_of
        self._line: Line | None = None
        self._schedule = ProbeSchedule()
        self._hosts: dict[str, InlineHost] = {}

    def follow(self, line: Line) -> Line:
        """Look at what this line's paths need from now on."""
        self._line, self._schedule = line, ProbeSchedule()
        return line

    def events_of(self, tick: int) -> Sequence[Event]:
        """Events of the tick that the line takes next.

        Raises
        ------
        ValueError, OSError
            If a generator cannot be opened.
        """
        found = self._events_of(tick)
        line = self._line
        if line is None or line.state.tick < 0 or line.state.tick % CHECK_TICKS:
            return found
        return [*found, *self._look(line, tick)]

    def _look(self, line: Line, tick: int) -> list[Event]:
        show, state = line.show, line.state
        seconds = state.tick / float(show.control_hz)
        events: list[Event] = []
        for probed in probed_paths(show, state, seconds):
            window = self._schedule.due(probed)
            if window is None:
                continue
            path = [probed.latent(place) for place in window.places]
            probe = probe_task(show, state, seconds, probed, window, path)
            result = self._host(probed).do(probe)
            changes, messages = self._schedule.take(probed.path, window, result)
            for text in messages:
                print(text, file=sys.stderr)
            events += [Event(tick, address, value, "errand") for address, value in changes]
        return events

    def _host(self, probed: ProbedPath) -> InlineHost:
        name, generator = probed.layer.id, probed.generator
        if name not in self._hosts:
            self._hosts[name] = _open(generator)
        return self._hosts[name]


def _open(generator: Generator) -> InlineHost:
    return InlineHost(registry.open_spec(generator.kind, generator.config, generator.spec))
