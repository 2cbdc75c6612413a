"""Captured cues: how a show stands, written into its text as a cue; comments stay."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from engine.core.frame.now import now_on_tick
from engine.core.frame.values import ramped
from engine.core.modifiers.travel import has_places
from engine.core.parameter import Kind, Parameter
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.trajectory.chain import coordinates
from engine.documents.show.cues import write_latent
from engine.documents.show.saving.save import PASSING

APART = ("/cues/", "/autopilot/", "/transport/")
"""What goes through cues and keeps time: a cue that captures everything leaves it alone."""
TIME_S = 2.0


class Captured(NamedTuple):
    """A captured cue: values in stored form by address, latents by path."""

    id: str
    values: Mapping[str, float]
    latents: Mapping[str, str]
    texts: Mapping[str, str] = {}


def capture(show: Show, state: State, name: str, chosen: Collection[str] = ()) -> Captured:
    """Take how a show stands on a tick, as a hand has set it, or the chosen addresses, as a cue."""
    values = ramped(show, state, max(state.tick, 0) / show.constants.control_hz)
    left_out = PASSING if chosen else (*PASSING, *APART)
    now, latents = now_on_tick(show, state), {}
    for path, path_state in zip(show.constants.paths, state.paths, strict=True):
        if has_places(path) and (not chosen or path.name in chosen):
            latents[path.name] = write_latent(coordinates(path, path_state, now))
    return Captured(
        name,
        {
            p.address: float(value)
            for p, value in zip(show.registry.parameters, values, strict=True)
            if p.kind is not Kind.TRIGGER
            and not p.address.startswith(left_out)
            and (not chosen or p.address in chosen)
        },
        latents,
        {
            writing.address: state.texts.get(writing.address, writing.text)
            for writing in (layer.writing for layer in show.constants.written if layer.writing)
            if not chosen or writing.address in chosen
        },
    )


def cue_id(name: str, show: Show) -> str:
    """Make an ID of a name; of none, the first that is free."""
    found = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:32]
    if found and not found[0].isalpha():
        found = f"cue_{found}"[:32]
    taken = {cue.id for cue in show.cues}
    return found or next(each for n in range(1, 10**6) if (each := f"captured_{n}") not in taken)


def with_cue(text: str, show: Show, captured: Captured) -> str:
    """Write a cue captured in `show` into its text: a new one, or into the one of that ID.

    Raises
    ------
    ValueError
        If the text has its cues in a way to which none can be added.
    """
    import tomlkit

    document: Any = tomlkit.parse(text)
    cues = document.setdefault("cues", tomlkit.aot())
    if not isinstance(cues, tomlkit.items.AoT):
        raise ValueError("cues: write each as a table [[cues]], so that one can be added")
    entry = next((each for each in cues if each.get("id") == captured.id), None)
    if entry is None:
        entry = tomlkit.table()
        entry["id"] = captured.id
        entry["time_s"] = TIME_S
        for key, words in (
            ("numbers", {"way": "own"}),
            ("colours", {"way": "oklab"}),
            ("choices", {"at": "half"}),
        ):
            entry[key] = _inline(words)
        entry["captured"] = True
        cues.append(entry)
        entry = cues[-1]
    entry.pop("solo", None)
    values, latents = tomlkit.table(), tomlkit.table()
    for address, value in captured.values.items():
        if address in show.registry.index:
            values[address] = _plain(show.registry[address], value)
    values.update(captured.texts)
    latents.update(captured.latents)
    for key, table in (("set", values), ("latents", latents)):
        entry.pop(key, None)
        if table:
            entry[key] = table
    return str(tomlkit.dumps(document))


def _inline(words: Mapping[str, str]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(words)
    return table


def _plain(parameter: Parameter, value: float) -> Any:
    """Write a stored value as shows do, to the last bit."""
    if parameter.kind is Kind.CHOICE:
        return parameter.choices[int(value)]
    if parameter.kind is Kind.BOOL:
        return bool(value)
    return int(value) if parameter.kind is Kind.INT else float(value)
