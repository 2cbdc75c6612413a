"""Addresses of a show: everything that it answers to, as one table derived from the show.

The registry of everything that can be controlled, in its first form: OSC, its patterns and
complaints, the command ``addresses`` and layouts of pads are made from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.core.parameter import Kind, Parameter, describe
from engine.core.show.show import Show

NUMBERS = "numbers"
"""Kind of an address that takes several numbers in one message, or a number without a range."""
NAME = "name"
"""Kind of an address of the host that takes a text, or only a press."""
TEXT = "text"
"""Kind of an address that takes a text: of a layer that shows one, or of the host."""


HOST = {
    "/feedback/all": "Every value is sent to --feedback again.",
    "/show/save": "Saves a copy of the show with the values it has now.",
    "/cue/capture": "Makes a cue of how the show stands; with a name, or of some addresses only.",
    "/undo": "Takes back what a hand did last.",
    "/redo": "Does again what was undone last.",
    "/show/restore": "Goes back to the last good state: that of the newest cue, or of saving.",
    "/who": "Says who moved this address last, when, and to which value.",
    "/learn/target": "The next control that a hand moves is mapped to this address.",
    "/learn/cancel": "Waits for no control any more.",
    "/learn/forget": "Unmaps every control of this address.",
}
"""Addresses of whoever plays the show, live: they are in no take. A show may put them on keys."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address that a message may have.

    Parameters
    ----------
    address
        As a whole, the one that messages about it name.
    kind
        A `Kind`, or `NUMBERS`.
    parameters
        What it writes: one, those of a vector in order, or none (a signal, an event of a path).
    counts
        How many numbers a message may bring, if it takes `NUMBERS`; None: any.
    aliases
        Other addresses for the same.
    begins
        Its text when the show begins, if it takes one.
    """

    address: str
    kind: str
    text: str
    parameters: tuple[Parameter, ...] = ()
    counts: tuple[int, ...] | None = (1,)
    aliases: tuple[str, ...] = ()
    begins: str = ""

    def takes(self) -> str:
        """Say what it accepts."""
        if self.kind in (TEXT, NAME):
            return "a text" if self.kind == TEXT else "a text, or any number but 0, or none at all"
        if self.kind != NUMBERS:
            return (
                describe(self.parameters[0])
                if self.parameters
                else "any number but 0, or none at all"
            )
        if self.counts is None:
            return "numbers"
        if self.counts == (1,):
            return "a number"
        return " or ".join(map(str, self.counts)) + " numbers"

    @property
    def label(self) -> str:
        """A word or two for people."""
        if len(self.parameters) == 1:
            return self.parameters[0].label
        return Parameter(self.address).label

    @property
    def default(self) -> Any:
        """Its value when the show begins, as a message would bring it; None: it has none."""
        if self.kind == TEXT:
            return self.begins or None
        found = [_shown(p) for p in self.parameters if p.kind is not Kind.TRIGGER]
        return found if self.kind == NUMBERS and found else next(iter(found), None)

    def report(self) -> dict[str, Any]:
        """Give all of it as JSON-ready data; what it has not is left out."""
        ranges = [[p.low, p.high] for p in self.parameters if p.kind in (Kind.FLOAT, Kind.INT)]
        found = {
            "address": self.address,
            "type": str(self.kind),
            "takes": self.takes(),
            "numbers": list(self.counts or ()) if self.kind == NUMBERS else None,
            "range": ranges if self.kind == NUMBERS else next(iter(ranges), None),
            "choices": [name for p in self.parameters for name in p.choices],
            "unit": next((p.unit for p in self.parameters), ""),
            "curve": next((p.curve for p in self.parameters if p.kind is Kind.FLOAT), ""),
            "label": self.label,
            "default": self.default,
            "text": self.text,
            "aliases": list(self.aliases),
        }
        return {key: value for key, value in found.items() if value not in (None, [], "")}


def _shown(parameter: Parameter) -> Any:
    if parameter.kind is Kind.CHOICE:
        return parameter.choices[int(parameter.default)]
    as_sent = {Kind.BOOL: bool, Kind.INT: int}.get(parameter.kind, float)
    return as_sent(parameter.default)


def addresses(show: Show) -> dict[str, Address]:
    """List everything that the show answers to, by its address, without aliases; by layer."""
    listed = (
        *_parameters(show), *_vectors(show), *_events(show), *_signals(show), *_texts(show),
    )  # fmt: skip
    order = {root: n for n, root in enumerate(dict.fromkeys(map(_root, listed)))}
    return {each.address: each for each in sorted(listed, key=lambda each: order[_root(each)])}


def _root(address: Address) -> tuple[str, ...]:
    """Whose it is: that of a layer with its ID, else the first word alone."""
    words = address.address.split("/")
    return tuple(words[1:3] if words[1] == "layer" else words[1:2])


def _parameters(show: Show) -> Iterator[Address]:
    own, aliases = show.registry.parameters, defaultdict(list)
    for address, place in show.registry.index.items():
        if address != own[place].address:
            aliases[place].append(address)
    for place, p in enumerate(own):
        yield Address(p.address, p.kind, p.text, (p,), (1,), tuple(aliases[place]))


def _vectors(show: Show) -> Iterator[Address]:
    names = defaultdict(list)
    for address, places in show.registry.groups.items():
        names[places].append(address)
    for places, (address, *aliases) in names.items():
        parts = tuple(show.registry.parameters[place] for place in places)
        words = [part.address.rpartition("/")[2] for part in parts]
        text = f"{', '.join(words[:-1])} and {words[-1]} in one message."
        yield Address(address, NUMBERS, text, parts, (len(parts),), tuple(aliases))


def _events(show: Show) -> Iterator[Address]:
    names = defaultdict(list)
    for root, index in show.constants.path_of.items():
        names[index].append(root)
    for path, (root, *more) in zip(show.constants.paths, names.values(), strict=True):
        for name, change in path.parts.events.items():
            if name not in path.at:  # else a trigger among the parameters
                counts = change.lengths(path) if change.lengths else None
                counts = counts and tuple(dict.fromkeys(counts))
                aliases = tuple(f"{alias}/{name}" for alias in more)
                yield Address(f"{root}/{name}", NUMBERS, change.text, (), counts, aliases)


def _texts(show: Show) -> Iterator[Address]:
    names = show.constants.texts
    for writing in (layer.writing for layer in show.constants.written if layer.writing):
        aliases = tuple(a for a, to in names.items() if to == writing.address and a != to)
        text = "The text of the layer."
        yield Address(writing.address, TEXT, text, aliases=aliases, begins=writing.text)


def _signals(show: Show) -> Iterator[Address]:
    for name in show.signals:
        if "/" not in name:  # the others are the engine's own
            yield Address(f"/signal/{name}", NUMBERS, "A signal of the show, for routes.")
