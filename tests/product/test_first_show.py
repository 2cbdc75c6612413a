"""docs/first-show.md: every step of the page is a show that changes something."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from engine.documents.show.load import load
from tests.places import ROOT

STEP = re.compile(r"<!-- step -->\n```toml\n(.*?)```", re.DOTALL)
STEPS = STEP.findall((ROOT / "docs" / "first-show.md").read_text("utf-8"))


@pytest.fixture
def shows(tmp_path: Path) -> list[Path]:
    """The show after each step, in a folder with nothing else in it."""
    paths = [tmp_path / f"step{n}.toml" for n in range(1, len(STEPS) + 1)]
    for n, path in enumerate(paths, 1):
        path.write_text("\n".join(STEPS[:n]), "utf-8")
    return paths


def test_every_step_is_a_show_and_no_two_are_the_same(shows: list[Path]) -> None:
    tables = [load(str(path)).table for path in shows]
    assert len(tables) == 7
    assert all(one != other for one, other in pairwise(tables))


def test_the_last_one_has_what_the_page_promises(shows: list[Path]) -> None:
    show = load(str(shows[-1])).show
    assert [cue.id for cue in show.cues] == ["form", "painting", "mine"]
    assert show.keys["d"] == ("/layer/form/path/drop_key", 1.0)
    assert len(show.routes) == 2
    assert not show.notes
