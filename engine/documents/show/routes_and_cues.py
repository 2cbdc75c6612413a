"""Signals, routes and keys of a show file."""

from __future__ import annotations

import difflib
import math
import re

from engine.core.audio.features import FEATURES
from engine.core.curves import CURVES
from engine.core.show.controls import Route
from engine.core.show.show import Show
from engine.documents.schema import RouteTable, ShowTable


def signal_names(table: ShowTable) -> tuple[str, ...]:
    """List every signal of a show: audio, beat, oscillators, then its own."""
    for place, name in enumerate(table.signals):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or name == "audio":
            raise ValueError(f"signals[{place}]: '{name[:40]}' is not a free signal name")
    return (
        *(f"audio/{name}" for name in FEATURES),
        "beat/phase",
        "beat/pulse",
        "bar/phase",
        "bar/pulse",
        "phrase/phase",
        "phrase/pulse",
        *(f"lfo/{o.id}" for o in table.lfos),
        *dict.fromkeys(table.signals),
        *(f"mod/{one.id}" for one in table.modulators),
    )


def make_route(show: Show, table: RouteTable, depth_place: int) -> Route:
    """Resolve one route table."""
    if table.signal not in show.signal_of:
        there = ", ".join(name for name in show.signals if not name.startswith("/"))
        raise ValueError(f"signal: '{table.signal}' is not known; allowed are: {there}")
    target = _find(show, table.target, "target")
    if target in show.triggers:
        raise ValueError(f"target: {table.target} is a trigger; a route needs a value")
    if table.curve not in CURVES:
        raise ValueError(f"curve: '{table.curve}' is not known; allowed are: {', '.join(CURVES)}")
    low, high = table.range
    numbers = (table.depth, low, high, table.attack_s, table.release_s)
    if not all(math.isfinite(n) for n in numbers) or not 1e-9 <= abs(high - low) <= 1e9:
        raise ValueError("range: two different finite numbers, and finite depth and times")
    if abs(table.depth) > 1e4:
        raise ValueError(f"depth: {table.depth:g} is outside -10000 to 10000")
    if table.id and not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", table.id):
        raise ValueError(f"id: '{table.id[:40]}' is not an ID; use small letters, digits and _")
    if table.attack_s < 0 or table.release_s < 0:
        raise ValueError("attack_s: times are not negative")
    euro = table.one_euro
    if euro is not None and not (0 < euro.min_cutoff_hz <= 1e6 and 0 <= euro.beta <= 1e6):
        raise ValueError("one_euro: min_cutoff_hz is above 0, beta at least 0, both at most 1e6")
    return Route(
        show.signal_of[table.signal], target, table.depth, low, high, table.curve,
        table.attack_s, table.release_s, table.mode,
        (euro.min_cutoff_hz, euro.beta) if euro else None, depth_place,
    )  # fmt: skip


def _find(show: Show, address: str, key: str) -> int:
    place = show.registry.index.get(address)
    if place is None:
        raise ValueError(f"{key}: {unknown(address, list(show.registry.index))}")
    return place


def unknown(address: str, there: list[str], what: str = "parameter") -> str:
    """Say that there is no such address, and which are near."""
    near = difflib.get_close_matches(address, there, 3, 0.5)
    hint = f"; near are: {', '.join(near)}" if near else "; see `latent-cinema play --help`"
    return f"no {what} has the address '{address[:80]}'{hint}"


def key_map(table: ShowTable, known: set[str]) -> dict[str, tuple[str, float]]:
    """Collect what the keys do."""
    keys = {cue.key: (f"/cue/{cue.id}/go", 1.0) for cue in table.cues if cue.key}
    for key, address in table.keys.items():
        if address not in known:
            raise ValueError(f"keys.{key}: {unknown(address, list(known))}")
        keys[key] = (address, 1.0)
    return keys
