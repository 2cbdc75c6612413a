"""Controllers of a performance: mappings at work, devices that come and go, learning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.core.control.mappings import Hand, move, present
from engine.core.event import Value
from engine.core.show.layouts import NORMALISED, Alias, layouts
from engine.core.show.mapping import ControlMapping, kind_of
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.play.controllers.assignments import KEYBOARD, OSC, Assignments, Used
from engine.play.controllers.learning import KEYS, Learning, Tell
from engine.play.controllers.lights import Lamp, Lights, Ports
from engine.play.controllers.user_maps import Notebook, read_maps, user_folder
from engine.sources.contract import Item, Moved
from engine.sources.osc.pattern import is_pattern

LOOK_NS = 500_000_000
"""Between two looks at what is plugged in."""
MOST_SAID = 5


class Controllers:
    """Turns what hands move into events, and shows values on their controls.

    Parameters
    ----------
    host
        Addresses that the host answers to.
    notify, tell
        Tells the operator something · shows a line so many seconds in place of the one before.
    folder
        Of the user's maps; None: the usual one.
    """

    def __init__(
        self,
        ports: Ports,
        host: Collection[str],
        notify: Callable[[str], None],
        tell: Tell,
        folder: Path | None = None,
    ) -> None:
        self._ports, self._host, self._notify = ports, host, notify
        folder = folder or user_folder()
        self._assigned = Assignments(host, *read_maps(notify, folder))
        self._notebook = Notebook(folder, notify)
        self._learning = Learning(host, tell)
        self.lights = Lights(ports)
        self.learned: list[ControlMapping] = []
        self._show: Show | None = None
        self._layouts: dict[str, Alias] = {}
        self._hands: dict[tuple[str, str, str], Hand] = {}
        self._devices: list[str] = []
        self._looked_ns = -LOOK_NS
        self._said: set[str] = set()
        self.unmapped: Counter[str] = Counter()
        self.count = 0

    def _follow(self, show: Show) -> None:
        """Bind every mapping to a show, once."""
        if show is self._show:
            return
        if self._show is None or self._show.name != show.name:
            self.learned = self._assigned.learned(show.name)
        self._show = show
        self._layouts = layouts(show)
        self._arrange(show)

    def _arrange(self, show: Show, fresh: Sequence[str] = ()) -> None:
        """Work out again which mapping counts for which control."""
        self._assigned.arrange(show, self.learned)
        news = [why for a, why in self._assigned.missing.items() if a not in self._said]
        self._said.update(self._assigned.missing)
        for why in news[:MOST_SAID]:
            self._notify(f"mappings: {why}; the others work")
        if len(news) > MOST_SAID:
            self._notify(f"mappings: {len(news) - MOST_SAID} more move nothing in this show")
        self._arrange_lights(fresh)

    def _arrange_lights(self, fresh: Sequence[str]) -> None:
        lamps = [
            Lamp(device, control, used[0].bound)
            for device in self._devices
            for control, used in self._assigned.controls(device).items()
            if used[0].at is None and kind_of(control) != "program"
            if used[0].bound.mapping.light is not None
        ]
        self.lights.arrange(lamps, fresh)

    def events(self, show: Show, state: State, moved: Iterable[Moved]) -> list[Item]:
        """Say at which addresses moved controls arrive, with what values."""
        self._follow(show)
        found: list[Item] = []
        for each in moved:
            if not math.isfinite(each.value):
                continue
            self.count += 1
            if self._learning.is_on:
                self._learn_from(show, each)
                continue
            used = self._assigned.used(each.device, each.control)
            self.lights.touch(each.device, each.control, each.value, each.arrival_ns)
            for one in used:
                self._move(show, state, each, one, found)
            if each.control.endswith("/program"):
                used += self._select(show, state, each, found)
            if not used:
                self._count_unmapped(each)
        return found

    def _move(
        self, show: Show, state: State, moved: Moved, used: Used, found: list[Item]
    ) -> None:  # fmt: skip
        bound, value = used.bound, moved.value
        if used.at is not None:
            if value <= 0.0:
                return
            value = used.at
        key = moved.device, moved.control, bound.address
        hand = self._hands.get(key) or Hand()
        there = present(show, state, bound)
        self._hands[key], sent = move(bound, hand, value, moved.arrival_ns, there)
        if sent is not None:
            found.append((moved.arrival_ns, bound.address, sent))

    def _select(
        self, show: Show, state: State, moved: Moved, found: list[Item]
    ) -> tuple[Used, ...]:
        """Press the button of one program: no message lets it go."""
        number = f"{moved.control}/{round(moved.value * 127.0)}"
        used = self._assigned.used(moved.device, number)
        for one in used:
            for value in (1.0, 0.0):
                pressed = moved._replace(control=number, value=value)
                self._move(show, state, pressed, one, found)
        return used

    def _count_unmapped(self, moved: Moved) -> None:
        if moved.device not in self.unmapped:
            self._notify(f"{moved.device}: {moved.control} moves nothing yet; L maps it")
        self.unmapped[moved.device] += 1

    def claims(self, key: str) -> bool:
        """Whether a key of the keyboard is a control just now."""
        if self._learning.is_on:
            return not key.startswith("ctrl+")
        return bool(self._assigned.used(KEYBOARD, f"key/{key}"))

    def split(self, show: Show, items: list[Item], device: str) -> tuple[list[Item], list[Moved]]:
        """Part messages into events, and those to addresses that no show has: controls, instead."""
        self._follow(show)
        if not (self._learning.is_on or self._assigned.hears_osc):
            return items, []
        known: list[Item] = []
        moved: list[Moved] = []
        for item in items:
            arrival_ns, address, value = item
            control = f"osc{address}"
            is_wanted = self._learning.is_on or self._assigned.used(device, control)
            if is_wanted and isinstance(value, (bool, int, float)) and not self._has(show, address):
                moved.append(Moved(arrival_ns, device, control, float(value)))
            else:
                known.append(item)
        return known, moved

    def _has(self, show: Show, address: str) -> bool:
        return (
            address in show.registry.index
            or address in show.registry.groups
            or address in self._host
            or address.startswith(("/signal/", "/transport/"))
            or address.rpartition("/")[0] in show.constants.path_of
            or address.endswith(NORMALISED)
            or address in self._layouts
            or is_pattern(address)
        )

    def tend(self, show: Show, state: State, now_ns: int) -> None:
        """Look after devices, lights and learning, once a frame."""
        self._follow(show)
        if now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            there = self._ports.devices()
            if there != self._devices:
                self._plug(there)
        self._notebook.tend()
        self.lights.tend(show, state, now_ns)
        learned = self._learning.found(show, now_ns)
        if learned is not None:
            self._learn(show, learned)

    def _plug(self, there: list[str]) -> None:
        """Wake devices that came, and say what their maps do here."""
        fresh = [device for device in there if device not in self._devices]
        self._devices = there
        for device in fresh:
            for each, count in self._assigned.maps(device):
                for data in each.setup:
                    self._ports.write(device, data)
                self._notify(
                    f"{device}: map {each.name}, {count} of {len(each.mappings)} controls move "
                    "something in this show"
                )
        self._arrange_lights(fresh)

    # Learning

    def touched(self, show: Show, address: str) -> None:
        """Note that something else moved a parameter: learning takes it as its target."""
        self._learning.touch(show, address)

    def command(self, show: Show, word: str, value: Value) -> None:
        """Do what a key or ``/learn/…`` asks: ``learn``, ``target``, ``cancel`` or ``forget``."""
        self._follow(show)
        if word == "cancel" or (word == "learn" and self._learning.is_on):
            self._learning.stop()
        elif word == "forget":
            self._forget(show, str(value))
        else:
            try:
                self._learning.start(show, str(value) if word == "target" else "")
            except ValueError as error:
                self._notify(f"/learn/target: {error}")

    def _learn_from(self, show: Show, moved: Moved) -> None:
        key = moved.control.removeprefix("key/")
        if moved.device != KEYBOARD or key not in KEYS:
            self._learning.take(moved)
        elif moved.value > 0.0:
            if key in ("escape", "l"):
                self._learning.stop()
            elif key == "backspace":
                self._forget(show, self._learning.target)
            else:
                self._learning.choose(show, KEYS[key])

    def _learn(self, show: Show, found: ControlMapping) -> None:
        """Keep a mapping, in place of what that control moved."""
        before = {u.bound.address for u in self._assigned.used(found.device, found.control)}
        instead = ", no longer ".join(["", *sorted(before - {found.address})])
        self._keep(show, [found])
        text = f"{found.control} of {found.device} moves {found.address}{instead}"
        self._learning.stop(text)

    def _forget(self, show: Show, address: str) -> None:
        """Unmap every control of an address."""
        place = show.registry.index.get(address)
        address = address if place is None else show.registry.parameters[place].address
        lost = [
            ControlMapping(control, "", device)
            for device in dict.fromkeys((*self._devices, KEYBOARD, OSC))
            for control, used in self._assigned.controls(device).items()
            if any(u.bound.address == address for u in used)
        ]
        if lost:
            self._keep(show, lost)
        told = ", ".join(each.control for each in lost) or "nothing of what is plugged in"
        self._notify(f"{address or 'no address'}: unmapped {told}")

    def _keep(self, show: Show, mappings: Sequence[ControlMapping]) -> None:
        new = {(m.control, m.device) for m in mappings}
        self.learned = [m for m in self.learned if (m.control, m.device) not in new]
        self.learned += mappings
        self._notebook.write(show.name, mappings)
        self._arrange(show)

    def report(self) -> dict[str, Any]:
        """Return the part of the stats file that is about controllers."""
        return {
            "devices": list(self._devices),
            "moved": self.count,
            "unmapped": dict(self.unmapped),
            "missing": dict(self._assigned.missing),
            "inactive": self._assigned.inactive(self._devices),
            "shown": self.lights.count,
        }

    def close(self) -> None:
        """Let what is being written be whole."""
        self._notebook.close()
