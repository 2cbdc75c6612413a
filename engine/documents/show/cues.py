"""Cues and cue lists of a show file."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import numpy as np

from engine.core.curves import CURVES
from engine.core.frame.advance import resolve
from engine.core.latent.geometry import Vector
from engine.core.modifiers.travel import has_places
from engine.core.parameter import Kind, Parameter
from engine.core.path.keyframes import point_of_seed
from engine.core.path.model import Path
from engine.core.show.controls import Cue, CueList, Fader, Way
from engine.core.show.decks import SIDES
from engine.core.show.show import Show
from engine.core.tempo.timecode import RATES, parse
from engine.documents.builder import ShowBuilder
from engine.documents.errors import within
from engine.documents.lettering import checked
from engine.documents.schema import (
    ChoicesTable,
    ColoursTable,
    CueListTable,
    CueTable,
    NumbersTable,
    ShowTable,
    WayTable,
)
from engine.documents.show.routes_and_cues import unknown

FREE = "free"
NEXT = "/deck/next/"
"""Begins an address of the deck that is not on air when a cue begins."""
LATENT = "f32:"
"""Begins a latent as text: float32, little endian, in base64."""
LARGEST = 1e3
MOST_S = 36000.0
ACTS = ("go", "back", "random")
_QUANTISED = re.compile(r"(?:(\d+) )?(beat|bar)s?")
Note = Callable[[str], None]


def write_latent(latent: Vector) -> str:
    """Write coordinates as a show has them."""
    return LATENT + base64.b64encode(latent.astype("<f4").tobytes()).decode()


def make_cue(show: Show, table: ShowTable, cue: CueTable, go: int, note: Note) -> Cue:
    """Resolve a cue table; `note` takes what a captured one has lost, of others it is refused."""
    lost: list[str] = []
    targets, on_next = _solo(show, cue), _on_next(show, cue)
    texts = {}
    for address, value in cue.set.items():
        if address.startswith(NEXT):
            continue
        try:
            if (text := show.constants.texts.get(address)) is not None:
                texts[text] = checked(address, value)
                continue
            targets.update(_target(show, address, value))
        except KeyError:
            known = [*show.registry.index, *show.registry.groups, *show.constants.texts]
            _lose(cue, lost, f"set: {unknown(address, known)}")
        except ValueError as error:
            raise ValueError(f"set: {error}") from None
    latents = {}
    for name, given in cue.latents.items():
        index = show.constants.path_of.get(name)
        try:
            if index is None:
                raise ValueError(unknown(name, list(show.constants.path_of), "path"))
            latents[index] = _latent(show.constants.paths[index], given)
        except ValueError as error:
            _lose(cue, lost, f"latents: {name}: {error}")
    if lost:
        more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        note(f"cue {cue.id}: what is not in the show any more is left out, the rest works: "
             f"{lost[0]}{more}")  # fmt: skip
    for key in ("time_s", "delay_s", "quantise_beats", "after_s"):
        _check_time(key, getattr(cue, key))
    beats, bars = _quantise(cue)
    return Cue(
        cue.id, go, tuple(targets.items()),
        _way(cue, "numbers", cue.numbers),
        _way(cue, "colours", cue.colours),
        _choices(cue),
        _way(cue, "travel", cue.travel),
        beats, bars, cue.after_s,
        cue_index(table, cue.next, "next") if cue.next else -1,
        tuple(latents.items()),
        _timecode(table, cue),
        on_next,
        tuple(texts.items()),
    )  # fmt: skip


def _timecode(table: ShowTable, cue: CueTable) -> float:
    rate = RATES.get(table.master.timecode_rate)
    if rate is None:
        known = ", ".join(RATES)
        raise ValueError(
            f"timecode: master.timecode_rate is '{table.master.timecode_rate:.20}'; use {known}"
        )
    if not cue.timecode:
        return -1.0
    with within("timecode: "):
        return float(parse(cue.timecode, rate))


def _lose(cue: CueTable, lost: list[str], why: str) -> None:
    if not cue.captured:
        raise ValueError(why)
    lost.append(why)


def _solo(show: Show, cue: CueTable) -> dict[int, float]:
    ids = [layer.id for layer in show.layers]
    for name in cue.solo:
        if name not in ids:
            raise ValueError(f"solo: no layer '{name}'; there are: {', '.join(ids)}")
    layers = show.layers if cue.solo else ()
    return {layer.opacity: 1.0 if layer.id in cue.solo else 0.0 for layer in layers}


def _on_next(show: Show, cue: CueTable) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Targets of the hidden deck, which may be either: ``/deck/next/N/…`` is its Nth layer."""
    found: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for address, value in cue.set.items():
        if not address.startswith(NEXT):
            continue
        number, _, rest = address.removeprefix(NEXT).partition("/")
        if show.decks is None:
            raise ValueError(f"set: {address}: the show has no decks")
        for side, ids, targets in zip(SIDES, show.decks.members, found, strict=True):
            there = [layer.id for layer in show.layers if layer.id in ids]
            if not number.isdecimal() or not 1 <= int(number) <= len(there):
                raise ValueError(
                    f"set: {address}: deck {side} has the layers {', '.join(there) or 'none'}; "
                    f"{NEXT}1/… is the first one"
                )
            own = f"/layer/{there[int(number) - 1]}/{rest}"
            try:
                targets.update(_target(show, own, value))
            except KeyError:
                known = [*show.registry.index, *show.registry.groups]
                raise ValueError(f"set: {address}: {unknown(own, known)}") from None
    return tuple(tuple(targets.items()) for targets in found)


def _target(show: Show, address: str, value: object) -> dict[int, float]:
    given = tuple(value) if isinstance(value, list) else value
    found = dict(resolve(show, address, given))  # type: ignore[arg-type]
    if show.registry.index.get(address, -1) in show.triggers:
        raise ValueError(f"{address} is a trigger; a cue sets values")
    return found


def _latent(path: Path, given: int | str) -> Vector | None:
    """Read a seed, a latent as text, or that the path goes its own way again."""
    if not has_places(path):
        raise ValueError("this path has no places: its latent is one number, its phase")
    if given == FREE:
        return None
    if isinstance(given, int):
        if not 0 <= given < 2**63:
            raise ValueError("a seed is a whole number from 0 to 2^63 - 1")
        return np.array(np.broadcast_to(point_of_seed(path, given), path.shape))
    size = int(np.prod(path.shape))
    try:
        data = base64.b64decode(given.removeprefix(LATENT), validate=True)
    except ValueError:
        data = b""
    if not given.startswith(LATENT) or len(data) != 4 * size:
        raise ValueError(
            f"'{given[:20]}' is neither a seed, nor \"{FREE}\", nor a captured latent of "
            f"{size} numbers"
        )
    found = np.frombuffer(data, "<f4").astype(np.float64).reshape(path.shape)
    if not (np.abs(found) <= LARGEST).all():
        raise ValueError(f"a latent's numbers are from -{LARGEST:g} to {LARGEST:g}")
    return found


def _quantise(cue: CueTable) -> tuple[float, float]:
    """Beats and bars that a cue waits for."""
    if not cue.quantise:
        return cue.quantise_beats, 0.0
    found = _QUANTISED.fullmatch(cue.quantise)
    count = int(found[1] or 1) if found else 0
    if found is None or not 1 <= count <= MOST_S or cue.quantise_beats:
        raise ValueError(
            f"quantise: '{cue.quantise[:40]}'; write beat, bar, 2 beats or 4 bars, and no "
            "quantise_beats beside it"
        )
    return (float(count), 0.0) if found[2] == "beat" else (0.0, float(count))


def _way(cue: CueTable, key: str, table: WayTable) -> Way:
    """How values of one kind go: as their own table says, else as the cue does."""
    time_s = cue.time_s if table.time_s is None else table.time_s
    delay_s = cue.delay_s if table.delay_s is None else table.delay_s
    _check_time(f"{key}.time_s", time_s)
    _check_time(f"{key}.delay_s", delay_s)
    curve = table.curve or cue.curve
    if curve not in CURVES:
        where = f"{key}.curve" if table.curve else "curve"
        raise ValueError(f"{where}: '{curve}' is not known; allowed are: {', '.join(CURVES)}")
    kind = table.way if isinstance(table, (NumbersTable, ColoursTable)) else "linear"
    return Way(time_s, delay_s, curve, kind)


def _choices(cue: CueTable) -> Way:
    choices: ChoicesTable = cue.choices
    delay_s = cue.delay_s if choices.delay_s is None else choices.delay_s
    _check_time("choices.delay_s", delay_s)
    if choices.at == "half":
        delay_s += 0.5 * cue.time_s
    return Way(0.0, delay_s, cue.curve, "beat" if choices.at == "beat" else "linear")


def _check_time(key: str, value: float) -> None:
    if not 0.0 <= value <= MOST_S:
        raise ValueError(f"{key}: outside 0 to {MOST_S:g}")


def cue_index(table: ShowTable, name: str, key: str) -> int:
    """Find a cue by ID."""
    ids = [cue.id for cue in table.cues]
    if name not in ids:
        raise ValueError(f"{key}: no cue '{name}'; there are: {', '.join(ids) or 'none'}")
    return ids.index(name)


def make_list(table: ShowTable, listed: CueListTable, acts: tuple[int, int, int]) -> CueList:
    """Resolve one cue list; `acts` are the places of its triggers."""
    if not listed.cues:
        raise ValueError("cues: a list has one cue at least")
    cues = tuple(cue_index(table, name, "cues") for name in listed.cues)
    return CueList(listed.id, cues, *acts, listed.loop, listed.follow)


def add_lists(builder: ShowBuilder, table: ShowTable) -> list[tuple[int, int, int]]:
    """Places of the triggers of cue lists; those of the first have short names, too."""
    texts = ("Begin the next cue of {}.", "Begin the cue before in {}.",
             "Begin a cue of {} by lot, none twice before all.")  # fmt: skip
    if table.cue_lists:
        builder.aliases["/cues/"] = f"/cues/{table.cue_lists[0].id}/"
    for number, listed in enumerate(table.cue_lists, 1):
        builder.aliases[f"/cues/{number}/"] = f"/cues/{listed.id}/"
    found = []
    for listed in table.cue_lists:
        go, back, random = (
            builder.trigger(f"/cues/{listed.id}/{act}", text.format(listed.id))
            for act, text in zip(ACTS, texts, strict=True)
        )
        found.append((go, back, random))
    return found


def add_fader(builder: ShowBuilder, table: ShowTable) -> Fader | None:
    """Add the fader between two cues, to a show that has two."""
    if len(table.cues) < 2:
        return None
    names = ("none", *(cue.id for cue in table.cues))
    text = "Fader between the cues /cues/a and /cues/b."
    fade = builder.number("/cues/fade", 0.0, 0, 1, "", text)
    a, b = (
        builder.add(
            Parameter(
                f"/cues/{end}", Kind.CHOICE, 0.0, 0.0, len(names) - 1.0, names,
                text=f"Cue at the {side} of the fader; none: the fader lets go.",
            )
        )
        for end, side in (("a", "beginning"), ("b", "end"))
    )  # fmt: skip
    return Fader(fade, a, b)
