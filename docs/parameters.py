"""Write docs/parameters.md from the registry: ``python docs/parameters.py`` in a clone.

Every kind of generator, motion, modifier, modulator and shader says itself what it has; what only a
show gives a name (directions, bends, layers of a network) stands there once.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.core.isf import header
from engine.core.modifiers.table import MODIFIERS
from engine.core.modulators.table import MODULATORS
from engine.core.motions.table import MOTIONS
from engine.core.parameter import Kind, Parameter, describe
from engine.core.path.speed import TIMING
from engine.core.show.show import Show
from engine.documents.show import load
from engine.generators import kinds as shelf

HERE = Path(__file__).resolve().parent
OUT = HERE / "parameters.md"
HEAD = """# Parameters

Everything that a hand, a cue, a route or a program can move. This page is made from the program
itself (`python docs/parameters.py`); `latent-cinema addresses SHOW` lists what *your* show has,
with the values that it begins with.

*takes* is the range: what is beyond is clamped. *fader* says how a control from 0 to 1 covers it:
evenly, or by equal factors (finer at the small end), which suits times and rates;
`/ADDRESS/normalised` takes such values. How addresses work: [shows.md](shows.md#addresses).
"""
SHOW = """
schema = 1
drag = "{drag}"
[[layers]]
id = "ID"
deck = "a"
{layer}
[[layers.effects]]
shader = "grain"
id = "ID"
[[layers]]
id = "other"
deck = "b"
{layer}
[[lfos]]
id = "ID"
rate_hz = 0.1
[[macros]]
id = "ID"
label = "(its own)"
targets = [{{ target = "/master/speed", range = [0, 1] }}]
[[routes]]
id = "ID"
signal = "lfo/ID"
target = "/master/speed"
depth = 0.0
[[cues]]
id = "ID"
"""
TITLES = {
    "master": "The whole picture", "crossfader": "Decks", "deck": "Decks: takes",
    "transport": "Tempo", "autopilot": "Autopilot", "cue": "Cues",
    "macro": "Macros", "lfo": "Oscillators", "route": "Routes",
    "brush": 'Brush (`drag = "paint"`)', "grab": 'Grab (`drag = "grab"`)',
    "track": "Track of an edited film",
}  # fmt: skip
COLLAPSED = (  # what only a show or a network names → what stands for all of it
    (r"\b(direction|hold)_(?!NAME)\w+", r"\1_NAME"),
    (r"\bbend_\w+", "bend_NAME"),
    (r"\b(mix|mix_c|truncation|noise|noise_motion|blend|freeze|push)_\d+\b", r"\1_N"),
    (r"\bmap_\d+\b", "map_N"),
    (r"/[rgba]$", "/r` `/g` `/b` `/a"),
)
Row = tuple[str, ...]


def rows(parameters: Iterable[Parameter]) -> Iterator[Row]:
    """One row of a table each; of those that a show names, one for all."""
    known = set()
    for p in parameters:
        name, text, label = p.address, p.text, p.label
        for pattern, instead in COLLAPSED:
            collapsed = re.sub(pattern, instead, name)
            if collapsed != name:
                own, name = name, collapsed
                text = text.replace(own.partition("_")[2], "NAME") if "NAME" in name else text
                text = re.sub(r"\b(?:b\d+\.\w+|\d+(?= px)|(?<=direction )\d+)", "N", text)
                text = re.sub(r", [rgba]$", "", text)
                label = re.sub(r" [rgba\d]$", "", label) if "NAME" not in name else ""
        if name not in known:
            known.add(name)
            fader = {"linear": "even", "exponential": "factors"}[p.curve]
            takes = describe(p).replace("a number from", "")
            fader = fader if p.kind is Kind.FLOAT else ""
            yield name, label, takes.strip(), default(p), fader, text


def default(p: Parameter) -> str:
    """Write what it begins with, unless a show says another."""
    if p.kind is Kind.TRIGGER:
        return ""
    if p.kind is Kind.BOOL:
        return "true" if p.default else "false"
    return p.choices[int(p.default)] if p.kind is Kind.CHOICE else f"{p.default:g}"


def table(parameters: Iterable[Parameter]) -> str:
    """Write a table."""
    lines = ["| address | label | takes | default | fader | |", "|---|---|---|---|---|---|"]
    for name, *cells in rows(parameters):
        lines.append("| " + " | ".join([f"`{name}`", *(c.replace("|", "/") for c in cells)]) + " |")
    return "\n".join(lines)


def bare(drag: str) -> Show:
    """A show with one of each."""
    layer = '[layers.generator]\nkind = "cppn"'
    text = SHOW.format(drag=drag, layer=layer).replace('"ID"', '"id"').replace("/ID", "/id")
    source = (HERE.parent / "shaders" / "grain.fs").read_text("utf-8")
    return load.read(text, "parameters", lambda _: source)[0]


def of_show() -> dict[str, list[Parameter]]:
    """Parameters of a show beside its layers, by what they belong to."""
    found: dict[str, dict[str, Parameter]] = {root: {} for root in TITLES}
    for show in (bare("paint"), bare("grab"), load.load("montage").show):
        for p in show.registry.parameters:
            root = p.address.split("/")[1]
            if root in found and not p.address.startswith("/master/effect"):
                address = re.sub(r"^/(cue|lfo|macro|route)/\w+", r"/\1/ID", p.address)
                label = re.sub(r" (of )?id$", "", p.label)
                found[root].setdefault(address, _moved(p, address, label))
    return {root: [*each.values()] for root, each in found.items()}


def _moved(p: Parameter, address: str, label: str) -> Parameter:
    text = p.text.replace("the cue id", "the cue")
    return Parameter(
        address, p.kind, p.default, p.low, p.high, p.choices, p.unit, text, p.glides, label, p.curve
    )


def of_layer() -> tuple[list[Parameter], list[Parameter]]:
    """Parameters of a layer, and those of a path that belong to no motion or modifier."""
    parts = (TIMING, *(m.part for m in (*MOTIONS, *MODIFIERS)))
    settings = {s.name for part in parts for s in part.settings} - {s.name for s in TIMING.settings}
    layer, path = [], []
    for p in bare("paint").registry.parameters:
        way = p.address.split("/")
        if way[1] == "layer" and len(way) == 4:
            layer.append(_moved(p, f"/layer/ID/{way[3]}", p.label))
        elif way[1] == "layer" and way[3] == "path" and way[4] not in settings:
            path.append(_moved(p, way[4], p.label))
        elif way[3:4] == ["effect"] and way[5] == "mix":
            layer.append(_moved(p, "/layer/ID/effect/ID/mix", p.label))
    return layer, path


def setting_parameters(settings: Iterable[object]) -> list[Parameter]:
    """Parameters that settings of a path or modulator become."""
    return [
        Parameter(
            s.name, s.kind, s.default, s.low, s.high, s.choices, s.unit, s.text, label=s.label
        )
        for s in settings
    ]


def generators() -> Iterator[tuple[str, list[Parameter]]]:
    """Each kind of generator and all that those of the shipped shows have."""
    kinds = sorted(path.stem for path in Path(shelf.__file__).parent.glob("[!_]*.py"))
    found: dict[str, dict[str, Parameter]] = {kind: {} for kind in kinds}
    for path in sorted((HERE.parent / "presets").glob("*.toml")):
        for layer in load.load(str(path)).show.layers:
            if layer.generator is not None:
                listed = {p.address: p for p in layer.generator.spec.parameters}
                found[layer.generator.kind] = listed | found[layer.generator.kind]
    for kind, listed in found.items():
        if not listed:
            module = importlib.import_module(f"{shelf.__name__}.{kind}")
            listed = {p.address: p for p in getattr(module, "PARAMETERS", ())}
        if listed:
            yield kind, [*listed.values()]


def shaders() -> Iterator[tuple[str, str, list[Parameter]]]:
    """Each shipped shader, what it says of itself, and its inputs."""
    for path in sorted((HERE.parent / "shaders").glob("*.fs")):
        found = header.parse(path.read_text("utf-8"), path.name)
        if listed := header.parameters(found):
            yield path.stem, found.description, listed


def pieces() -> Iterator[str]:
    """The document, piece by piece."""
    yield HEAD
    for root, listed in of_show().items():
        yield f"## {TITLES[root]}\n\n{table(listed)}\n"
    layer, path = of_layer()
    yield f"## A layer\n\n{table(layer)}\n"
    yield f"## A path\n\nBehind `/layer/ID/path/` (`path_b` …, `paths/PORT`).\n\n{table(path)}\n"
    for what, listed in (("motion", MOTIONS), ("modifier", MODIFIERS)):
        for each in listed:
            if each.part.settings:
                settings = setting_parameters(each.part.settings)
                yield f"### The {what} {each.name}\n\n{table(settings)}\n"
    yield "## Modulators\n\nBehind `/mod/ID/`.\n"
    for kind in MODULATORS:
        if kind.settings:
            yield f"### {kind.name}\n\n{table(setting_parameters(kind.settings))}\n"
    yield (
        "## Generators\n\nBehind `/layer/ID/generator/`, those of a film behind `/layer/ID/film/`. "
        "A show or a network says NAME and N.\n"
    )
    for name, listed in generators():
        yield f"### {name}\n\n{table(listed)}\n"
    yield "## Shaders\n\nBehind `/layer/ID/source/` and `/layer/ID/effect/ID/`.\n"
    for name, text, listed in shaders():
        yield f"### {name}\n\n{text}\n\n{table(listed)}\n"


def document() -> str:
    """The whole document."""
    return "\n".join(pieces())


if __name__ == "__main__":
    OUT.write_text(document(), "utf-8")
    sys.stdout.write(f"{OUT}\n")
