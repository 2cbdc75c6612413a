"""The documents lead where they say: links, folders, modules and commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PLACE = re.compile(r"`((?:engine|core|play|app|lab|models|generators|tests|docs|bench)/[\w/.]+)`")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    gone = [link for link in links if not (page.parent / link.split("#")[0]).exists()]
    assert not gone


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_place_of_the_house_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    gone = [
        place
        for place in PLACE.findall(text)
        if "NAME" not in place
        and not any((base / place).exists() for base in (ROOT, ROOT / "engine"))
        and not (ROOT / "engine" / f"{place}.py").exists()
    ]
    assert not gone


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 150
