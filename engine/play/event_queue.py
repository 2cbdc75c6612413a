"""Event queue: arrivals get a tick, are bounded, checked against the registry and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from engine.core.clock import first_index
from engine.core.event import Event, Value, in_order
from engine.core.show.addresses import NAME, TEXT, Address
from engine.core.show.layouts import NORMALISED, Alias, alias_of, scaled
from engine.core.show.show import Show
from engine.core.tempo.sync import TOLD, carried
from engine.play.events.acceptance import NOTHING, Usual, refusal, undeclared
from engine.play.events.budget import Budget
from engine.play.events.complaints import MOST_ADDRESSES, Complaints, came, plain
from engine.play.events.directory import Directory
from engine.play.events.movers import Movers
from engine.sources.contract import EVERYTHING, Item, Origin
from engine.sources.osc.pattern import MOST_STEPS, is_pattern

MOST_UNKNOWN = MOST_ADDRESSES
Row = tuple[str, Value]
"""An address and what it takes."""


MOST_READ = 384
"""Messages and addresses of patterns of one source in one frame; what is beyond is no pattern's."""
TOO_MUCH = "too much comes by patterns at once"
MOST_EXPLAINED = 32
"""Refusals of one source in one frame that are explained; the others are counted."""
FRAMES_KNOWN = 3
"""What arrives while a frame is drawn is for a tick of the next one, and seen by the one after."""
NO_ADDRESS = "(no address)"


class EventQueue:
    """Events by tick, from what sources hand over.

    Attributes
    ----------
    commands
        Those of the host that were called, with what came, for it to take away.
    """

    def __init__(self, host: Mapping[str, Address] = MappingProxyType({})) -> None:
        self._host = host
        self._directory: tuple[Show, Directory] | None = None
        self._layouts: dict[str, Alias] = {}
        self._show: Show | None = None
        self._usual = Usual(None)
        self._read = self._steps_left = self._explained = 0
        self.commands: list[tuple[str, Value]] = []
        self._pending: dict[int, list[Event]] = {}
        self._track: Mapping[int, Sequence[Event]] = {}
        self._track_shift = 0
        self._sequence = 0
        self.budget = Budget()
        self.unknown: Counter[str] = Counter()
        self.unknown_total = 0
        self.refused = 0
        self.complaints = Complaints()
        self.movers = Movers()

    def take(
        self,
        show: Show,
        newest_tick: int,
        origin: Origin,
        items: Iterable[Item],
        seconds_of: Callable[[int], Fraction],
    ) -> None:
        """Give each item the first tick that is not before its arrival and not yet advanced.

        Parameters
        ----------
        newest_tick
            The newest tick that was advanced.
        origin
            Who sends them; what it does not declare is refused.
        items
            (arrival on the monotonic clock in ns, address, value).
        seconds_of
            Show time of an arrival.
        """
        self._follow(show)
        self._read, self._steps_left, self._explained = 0, MOST_STEPS, 0
        is_free = origin.addresses == EVERYTHING
        usual, dear = self._usual, self.budget.prices
        make = tuple.__new__  # a named tuple's own way to make one takes three times as long
        name, begin_ns, end_ns = origin.name, 0, -1
        for arrival_ns, address, value in items:
            if not begin_ns <= arrival_ns <= end_ns:
                seconds = seconds_of(arrival_ns)
                tick = max(first_index(seconds, show.control_hz), newest_tick + 1)
                # What arrives until that tick has the same one.
                left_ns = (tick / show.control_hz - seconds) * 10**9
                begin_ns, end_ns = arrival_ns, arrival_ns + int(left_ns)
                pending = self._pending.setdefault(tick, [])
            self._read += 1
            if is_free and usual.takes(address, value):
                rows: Sequence[Row] = ((address, value),)
            else:
                if address in TOLD:  # it is so much older when it takes effect
                    late_s = Fraction(tick) / show.control_hz - seconds_of(arrival_ns)
                    value = carried(address, value, float(late_s))
                rows = self._accepted(show, address, value, origin)
            for each, held in rows:
                self._sequence += 1
                event = make(Event, (tick, each, held, name, self._sequence))
                if each in dear:
                    self.budget.wait(event)
                else:
                    pending.append(event)
        if self._read:
            self.budget.close(name, self._read)

    def _follow(self, show: Show) -> None:
        """Learn which addresses a show has, what they take, and what that costs."""
        if show is not self._show:
            self._show, self._usual = show, Usual(show)
            self._layouts = self.directory(show).layouts
            self.budget.follow(show)

    def add(self, tick: int, address: str, value: Value, source: str) -> None:
        """Add an event that is known to be good."""
        self._sequence += 1
        event = Event(tick, address, value, source, self._sequence)
        self._pending.setdefault(tick, []).append(event)

    def directory(self, show: Show) -> Directory:
        """What the show and the host answer to; made when it is first asked for, in some 10 ms."""
        if self._directory is None or self._directory[0] is not show:
            self._directory = show, Directory(show, self._host)
        return self._directory[1]

    def _accepted(self, show: Show, address: str, value: Value, origin: Origin) -> Sequence[Row]:
        """Addresses that take a value: this one, those that it is another name of, or none."""
        if address in self._layouts:
            alias = self._layouts[address]
            address, value = alias.address, scaled(alias, value)
        elif is_pattern(address):
            return self._matching(show, address, value, origin)
        try:
            why = refusal(show, address, value, origin)
        except KeyError:
            return self._named_otherwise(show, address, value, origin)
        if why is None:
            return ((address, value),)
        if why:
            self._refuse(origin, address, lambda: why)
        return ()

    def _command(self, origin: Origin, address: str, value: Value) -> None:
        kind = self._host[address].kind
        if kind != NAME and (kind == TEXT) != isinstance(value, str):
            takes = self._host[address].takes()
            self.refuse(origin.name, address, f"{address} takes {takes}, not {came(value)}")
        elif value:  # the release of a button is no press
            self.commands.append((address, value))

    def _named_otherwise(
        self, show: Show, address: str, value: Value, origin: Origin
    ) -> Sequence[Row]:
        """What a value from 0 to 1 is for; or the host is meant, or nobody."""
        stem = address.removesuffix(NORMALISED)
        if address in self._host:
            self._command(origin, address, value)
            return ()
        alias = alias_of(show, stem) if stem != address else None
        if alias is not None:
            self._layouts[address] = alias  # found at once from now on
            return self._accepted(show, address, value, origin)
        self._count_unknown(origin, address, value)
        return ()

    def _matching(self, show: Show, address: str, value: Value, origin: Origin) -> Sequence[Row]:
        """Addresses that a pattern is for and that take a value; patterns have a budget."""
        if origin.addresses != EVERYTHING and not origin.may_write(address):
            self._refuse(origin, address, lambda: undeclared(address))
            return ()
        pattern = address.removesuffix(NORMALISED)
        targets = self._targets(show, pattern, origin)
        if targets is None:
            return ()
        is_scaled = pattern != address
        aliases = [alias_of(show, each) if is_scaled else None for each in targets]
        rows = [
            (each, scaled(alias, value) if alias else value)
            for each, alias in zip(targets, aliases, strict=True)
        ]
        usual = self._usual if origin.addresses == EVERYTHING else NOTHING
        whys = [None if usual.takes(*row) else refusal(show, *row, origin) for row in rows]
        if not targets:
            self._count_unknown(origin, pattern, value)
        elif all(whys):
            why = f"{plain(pattern)}: none of its {len(targets)} addresses takes {came(value)}"
            self._refuse(origin, pattern, lambda: why)
        return [row for row, why in zip(rows, whys, strict=True) if why is None]

    def _targets(self, show: Show, pattern: str, origin: Origin) -> Sequence[str] | None:
        """Find what a pattern is for, as far as there is time; None if it is refused."""
        directory = self.directory(show)
        is_fresh = directory.is_fresh(pattern)
        why = TOO_MUCH if self._read >= MOST_READ or (is_fresh and self._steps_left <= 0) else ""
        targets: Sequence[str] = ()
        if not why:
            steps = directory.steps
            try:
                targets = directory.matching(pattern)
            except ValueError as error:
                why = str(error)
            self._steps_left -= directory.steps - steps
            why = TOO_MUCH if self._read + len(targets) > MOST_READ else why
        if why:
            self._refuse(origin, pattern, lambda: f"{plain(pattern)} is left out: {why}")
            return None
        self._read += len(targets)
        return targets

    def _refuse(self, origin: Origin, address: str, why: Callable[[], str]) -> None:
        """Count what cannot be taken, and explain it if that is not done too often."""
        self._explained += 1
        if self._explained <= MOST_EXPLAINED:
            self.refuse(origin.name, address, why())
        else:
            self.refused += 1

    def refuse(self, source: str, address: str, why: str) -> None:
        """Count what cannot be taken."""
        self.refused += 1
        self.complaints.refuse(source, address, why)

    def complain(self, show: Show, source: str, address: str, why: str) -> None:
        """Pass on what a source itself has left out (and counted), with what is expected there."""
        expected = self.directory(show).known.get(address)
        hint = f"; {plain(address)} takes {expected.takes()}" if expected else ""
        where = f"{plain(address)}: " if address else ""
        self.complaints.refuse(source, address or NO_ADDRESS, f"{where}{why}{hint}")

    def _count_unknown(self, origin: Origin, address: str, value: Value) -> None:
        self.unknown_total += 1
        if address not in self.unknown and len(self.unknown) < MOST_UNKNOWN:
            self.complaints.miss(origin.name, address, value)
        if address in self.unknown or len(self.unknown) < MOST_UNKNOWN:
            self.unknown[address] += 1

    def play(self, track: Mapping[int, Sequence[Event]], start_tick: int) -> None:
        """Let a track's events, known ahead by its own ticks, begin at a tick of the show."""
        self._track = track
        self._track_shift = -start_tick

    def jump(self, ticks: int) -> None:
        """Go on in the track after a gap that the show did not live through."""
        self._track_shift += ticks

    def events_of(self, tick: int) -> Sequence[Event]:
        """Hand over the events of a tick, in order of effect; each tick once."""
        found = in_order([*self._pending.pop(tick, ()), *self.budget.due(tick)])
        if found and self._directory is not None:
            self.movers.note(found, self._directory[1])
        heard = self._track.get(tick + self._track_shift, ())
        if not heard:
            return found
        if self._track_shift:
            heard = [Event(tick, e.address, e.value, e.source, e.sequence) for e in heard]
        return in_order([*found, *heard])
