"""Assignments: which mapping counts for which control of which device.

The nearest counts: what was learned for this show, then the show, then the user's maps, then the
shipped map of that device.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from engine.core.control.mappings import Bound, bind
from engine.core.show.mapping import ControlMapping, span_of
from engine.core.show.show import Show
from engine.documents.show.device_maps import DeviceMap

KEYBOARD, OSC = "keyboard", "osc"
"""Devices that are always there."""
MOST_KEPT = 4096
"""Controls for which it is known what they move."""


class Used(NamedTuple):
    """A mapping at work: what it moves, and the place of a key within its range (0..1)."""

    bound: Bound
    at: float | None = None


class _Rank(NamedTuple):
    """Mappings by their controls, and how many more move nothing.

    One that moves nothing on purpose has no `Used`.
    """

    used: dict[str, list[tuple[ControlMapping, Used | None]]]
    inactive: int
    map: DeviceMap | None = None


class Assignments:
    """Mappings bound to a show.

    Parameters
    ----------
    host
        Addresses that the host answers to.
    own, ready
        The user's maps, and shipped ones.

    Attributes
    ----------
    missing
        Address → why a mapping of the show or the user moves nothing.
    """

    def __init__(
        self, host: Collection[str], own: Sequence[DeviceMap], ready: Sequence[DeviceMap]
    ) -> None:
        self._host, self._own, self._ready = host, own, ready
        self._ranks: list[_Rank] = []
        self._found: dict[tuple[str, str], tuple[Used, ...]] = {}
        self.missing: dict[str, str] = {}
        self.hears_osc = False

    def learned(self, show: str) -> list[ControlMapping]:
        """What the user's maps have for one show alone."""
        return [m for each in self._own if each.show and each.show == show for m in each.mappings]

    def arrange(self, show: Show, learned: Sequence[ControlMapping]) -> None:
        """Bind everything to a show."""
        self._found.clear()
        self.missing = {}
        self._ranks = [
            self._rank(show, learned),
            self._rank(show, show.mappings),
            *(self._rank(show, each.mappings, each) for each in self._own if not each.show),
            *(self._rank(show, each.mappings, each) for each in self._ready),
        ]
        self.hears_osc = any(c.startswith("osc/") for rank in self._ranks for c in rank.used)

    def _rank(
        self, show: Show, mappings: Iterable[ControlMapping], of: DeviceMap | None = None
    ) -> _Rank:
        found: dict[str, list[tuple[ControlMapping, Used | None]]] = {}
        inactive = 0
        for each in mappings:
            try:
                bound = bind(show, self._host, each) if each.address else None
            except (KeyError, ValueError) as error:
                inactive += 1
                why = f"this show has no {each.address}" if isinstance(error, KeyError) else error
                if of not in self._ready:
                    self.missing.setdefault(each.address, f"{each.control} moves nothing: {why}")
                continue
            for control, at in _controls(each.control):
                used = Used(bound, at) if bound is not None else None
                found.setdefault(control, []).append((each, used))
        return _Rank(found, inactive, of)

    def used(self, device: str, control: str) -> tuple[Used, ...]:
        """What a control of a device moves."""
        found = self._found.get((device, control))
        if found is None:
            if len(self._found) >= MOST_KEPT:  # whoever sends OSC may invent addresses for ever
                self._found.clear()
            found = self._found[device, control] = self._look(device, control)
        return found

    def _look(self, device: str, control: str) -> tuple[Used, ...]:
        for rank in self._of(device):
            found = [used for m, used in rank.used.get(control, ()) if m.is_for(device)]
            if found:
                return tuple(used for used in found if used is not None)
        return ()

    def _of(self, device: str) -> Iterator[_Rank]:
        return (rank for rank in self._ranks if rank.map is None or rank.map.is_for(device))

    def controls(self, device: str) -> dict[str, tuple[Used, ...]]:
        """Every control of a device that moves something."""
        listed = dict.fromkeys(
            c for rank in self._of(device) for c in rank.used if _suits(device, c)
        )
        return {control: used for control in listed if (used := self.used(device, control))}

    def inactive(self, devices: Iterable[str]) -> int:
        """Count mappings that move nothing in this show, of shipped maps those of devices there."""
        there, count = list(devices), 0
        for rank in self._ranks:
            if rank.map is None or rank.map in self._own or any(map(rank.map.is_for, there)):
                count += rank.inactive
        return count

    def maps(self, device: str) -> list[tuple[DeviceMap, int]]:
        """Maps that are about a device, and how many of their mappings move something."""
        return [
            (rank.map, len({id(used) for listed in rank.used.values() for _, used in listed}))
            for rank in self._of(device)
            if rank.map is not None and rank.map.devices
        ]


def _suits(device: str, control: str) -> bool:
    """Whether a control can be one of a device, as far as its name tells."""
    kind = {KEYBOARD: "key", OSC: "osc"}.get(device)
    word = control.partition("/")[0]
    return word == kind if kind else word not in ("key", "osc")


def _controls(control: str) -> Iterator[tuple[str, float | None]]:
    """Controls that a mapping is about: one, or each key of a range with its place (0..1)."""
    span = span_of(control)
    if span is None:
        yield control, None
        return
    low, high = span
    root = control.rpartition("/")[0]
    for note in range(low, high + 1):
        yield f"{root}/{note}", (note - low) / (high - low)
