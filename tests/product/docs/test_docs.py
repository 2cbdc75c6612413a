"""The references say everything that there is: every key, option, curve, signal and figure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.app.cli.main import cli
from engine.core.curves import CURVES
from engine.core.expressions import FUNCTIONS
from engine.documents import modulation_tables, part_tables, schema
from engine.documents.show.load import load
from engine.generators.kinds import cppn
from tests.places import SHOWS

SECTIONS = {
    "## The show": schema.ShowTable,
    "## `[output]`": schema.OutputTable,
    "## `[[sources]]` and `[[outputs]]`": schema.SourceTable,
    "## `[master]`": schema.MasterTable,
    "### `[master.colour]`": part_tables.ColourTable,
    "## `[autopilot]`": schema.AutopilotTable,
    "## `[track]`": schema.TrackTable,
    "## `[[layers]]`": schema.LayerTable,
    "### `[layers.film]`": schema.FilmTable,
    "### `[layers.generator]`": schema.GeneratorTable,
    "The table `images`:": schema.ImageTable,
    "### `[layers.path]`": schema.PathTable,
    "A table of `keys`:": schema.KeyTable,
    "### `[[layers.effects]]` and `[layers.source]`": schema.EffectTable,
    "### `[layers.solid]`": schema.SolidTable,
    "### `[layers.text]`": schema.TextTable,
    "### `[layers.sheet]`": schema.SheetTable,
    "## `[decks]`": part_tables.DecksTable,
    "A table of `transitions`:": part_tables.TransitionTable,
    "## `[[lfos]]`": modulation_tables.LfoTable,
    "## `[[macros]]`": schema.MacroTable,
    "A table of `targets`:": modulation_tables.MacroTargetTable,
    **{f"### `{kind}`": table for kind, table in modulation_tables.MODULATORS.items()},
    "## `[[routes]]`": schema.RouteTable,
    "The table `one_euro`:": schema.EuroTable,
    "## `[[cues]]`": schema.CueTable,
    "The table `numbers`:": schema.NumbersTable,
    "The table `colours`:": schema.ColoursTable,
    "The table `choices`:": schema.ChoicesTable,
    "The table `travel`:": schema.WayTable,
    "### `[[cue_lists]]`": schema.CueListTable,
    "## `[[mappings]]`": part_tables.MappingTable,
    "The table `light`:": part_tables.LightTable,
    "### Files of mappings": part_tables.MapTable,
}


@pytest.fixture(scope="module")
def shows(root: Path) -> str:
    return (root / "docs" / "shows.md").read_text("utf-8")


@pytest.fixture(scope="module")
def commands(root: Path) -> str:
    return (root / "docs" / "commands.md").read_text("utf-8")


def rows(text: str, heading: str) -> dict[str, list[str]]:
    """First table after a heading, by its keys, in order."""
    after = text.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"\| key .*\n\|[-|]+\n((?:\|.*\n)+)", after)
    assert table is not None
    found = [[c.strip() for c in line.strip("|").split(" | ")] for line in table[1].splitlines()]
    return {cells[0].strip("`"): cells for cells in found}


def default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()  # type: ignore[misc]
    return field.default


def written(value: object) -> str:
    """A default as the tables write it."""
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{value}`"


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_show_is_explained_with_its_default(shows: str, heading: str) -> None:
    told = rows(shows, heading)
    fields = {f.name: f for f in msgspec.structs.fields(SECTIONS[heading])}
    assert list(told) == list(fields)
    for name, field in fields.items():
        value = default(field)
        if value is msgspec.NODEFAULT:
            assert told[name][2] == "**required**", name
        elif value is None:
            assert told[name][2] == "none", name
        elif isinstance(value, msgspec.Struct):
            assert told[name][2] in ("see below", "seed 1", "seed 2", "seed 3"), name
        else:
            assert told[name][2] == written(value), name
        assert len(told[name]) == 4
        assert told[name][3]


def test_every_table_of_the_format_has_its_section() -> None:
    tables = {
        each
        for each in (
            *vars(schema).values(),
            *vars(modulation_tables).values(),
            *vars(part_tables).values(),
        )
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__name__[0] != "_"
    }
    tables -= {msgspec.Struct}
    assert tables | set(modulation_tables.MODULATORS.values()) == set(SECTIONS.values())


def test_every_word_of_the_format_is_told(shows: str) -> None:
    for table in SECTIONS.values():
        for field in msgspec.structs.fields(table):
            for word in schema._words(field.type):
                assert f"`{word}`" in shows or f'"{word}"' in shows, word


def between(text: str, mark: str) -> list[str]:
    return re.findall(r"`([\w/]+)`", text.split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark}")[0])


def test_curves_signals_and_parameters_are_listed(shows: str) -> None:
    assert between(shows, "curves") == list(CURVES)
    assert between(shows, "functions") == list(FUNCTIONS)
    assert between(shows, "cppn") == [p.address for p in cppn.PARAMETERS]
    for signal in load(str(SHOWS / "tiny.toml")).show.signals:
        assert f"`{signal}`" in shows or signal.startswith("lfo/"), signal


def test_every_address_has_its_pattern(shows: str) -> None:
    """Each parameter of a show with everything in it fits an address of the list."""
    after = shows.split("\n## Addresses\n", 1)[1].split("\n## ", 1)[0]
    patterns = [
        re.compile(re.escape(a).replace("ID", "[a-z0-9_]+").replace("NAME", "[a-zA-Z0-9_/]+") + "$")
        for a in re.findall(r"`(/[\w/]+)`", after)
    ]
    for name in ("tiny", "wash"):
        for parameter in load(str(SHOWS / f"{name}.toml")).show.registry.parameters:
            assert any(p.match(parameter.address) for p in patterns), parameter.address


def options(command: Any, words: str) -> list[tuple[str, str]]:
    inner = getattr(command, "commands", None)
    if inner:
        return [pair for name, each in inner.items() for pair in options(each, f"{words} {name}")]
    return [(words, o) for p in command.params for o in p.opts if o.startswith("--")]


def test_every_command_and_option_is_told(commands: str) -> None:
    for words, option in options(cli, ""):
        name = words.strip()
        heading = re.search(rf"\n## [^\n]*`{name}[ `][^\n]*\n", commands)
        assert heading, name
        if name not in ("devices", "doctor", "bench"):
            assert f"## `{name}" in commands, name
        section = commands[heading.end() :].split("\n## ", 1)[0]
        if option not in ("--help", "--json"):
            assert f"`{option}`" in section, (name, option)


@pytest.mark.parametrize("code", [0, 1, 2, 69, 78, 130])
def test_every_exit_code_is_told(commands: str, code: int) -> None:
    assert f"\n| {code} | " in commands


def test_every_show_in_the_references_is_a_show(root: Path) -> None:
    shipped = sorted((root / "presets").glob("*.toml"))
    assert len(shipped) >= 4
    for path in shipped:
        assert load(str(path)).text.lstrip().startswith("#"), path  # says what to touch
