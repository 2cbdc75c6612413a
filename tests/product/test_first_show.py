"""docs/first-show.md and docs/evening.md: every step is a show that changes something."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from engine.core.show.show import Show
from engine.documents.show.load import load
from tests.places import ROOT

PAGES = {"first-show": ("step", 7), "evening": ("step", 5), "evening-decks": ("decks", 2)}


def steps(name: str, folder: Path) -> list[Path]:
    """The show after each step, in a folder with nothing else in it."""
    page = ROOT / "docs" / f"{name.removesuffix('-decks')}.md"
    mark = rf"<!-- {PAGES[name][0]} -->\n```toml\n(.*?)```"
    found = re.findall(mark, page.read_text("utf-8"), re.DOTALL)
    paths = [folder / f"step{n}.toml" for n in range(1, len(found) + 1)]
    for n, path in enumerate(paths, 1):
        path.write_text("\n".join(found[:n]), "utf-8")
    return paths


@pytest.mark.parametrize("name", PAGES)
def test_every_step_is_a_show_and_no_two_are_the_same(name: str, tmp_path: Path) -> None:
    loaded = [load(str(path)) for path in steps(name, tmp_path)]
    assert len(loaded) == PAGES[name][1]
    assert all(one.table != other.table for one, other in pairwise(loaded))
    assert not any(each.show.notes for each in loaded)


def last(name: str, folder: Path) -> Show:
    return load(str(steps(name, folder)[-1])).show


def test_the_first_show_has_what_the_page_promises(tmp_path: Path) -> None:
    show = last("first-show", tmp_path)
    assert [cue.id for cue in show.cues] == ["form", "painting", "mine"]
    assert show.keys["d"] == ("/layer/form/path/drop_key", 1.0)
    assert len(show.routes) == 2


@pytest.mark.parametrize("name", ["evening", "evening-decks"])
def test_the_evening_has_the_addresses_that_the_page_names(name: str, tmp_path: Path) -> None:
    show, page = last(name, tmp_path), (ROOT / "docs" / "evening.md").read_text("utf-8")
    part = page.split("## Part two")[name.endswith("decks")]
    told = set(re.findall(r"send (/\S+)", part)) - {"/layer/clip/film/position"}
    assert told
    assert told <= show.registry.index.keys() | show.registry.groups.keys() | {"/layer/words/text"}
