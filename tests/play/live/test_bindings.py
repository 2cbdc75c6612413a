"""Bindings: every key of a show is listed, and what it hides is said."""

from __future__ import annotations

import pytest

from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.play.live.bindings import BUILT_IN, hidden, label, rows
from tests.making import read_show


def table(show) -> dict[str, str]:
    """What each key does, by its label."""
    return dict(line.split("\t") for line in rows(show) if "\t" in line)


@pytest.mark.parametrize("name", sorted(path.stem for path in assets_dir("presets").glob("*.toml")))
def test_every_key_of_a_shipped_show_is_listed_once(name: str) -> None:
    show = load.load(name).show
    lines = [line.split("\t")[0] for line in rows(show) if "\t" in line]
    assert len(lines) == len(set(lines))
    assert {label(key) for key in show.keys} <= set(lines)
    hides = {key for key in BUILT_IN if key in show.keys}
    assert {label(f"shift+{key}") for key in hides} <= set(lines)
    assert len(hidden(show)) == len(hides)


def test_a_key_that_hides_another_is_said_with_the_way_around_it() -> None:
    (told,) = hidden(read_show('[keys]\nk = "/master/jump"'))
    assert "keep the last ten minutes" in told
    assert "Shift-K" in told
    assert hidden(load.load("default").show) == []


def test_scenes_have_names_and_own_keys_say_what_they_do() -> None:
    found = table(load.load("never-again").show)
    assert found["2"] == "Hands"
    assert found["N"] == "never again: nothing comes near to where it is now"
    assert rows(load.load("never-again").show)[0] == "Scenes"


@pytest.mark.parametrize(
    ("drag", "word"), [("steer", "steer"), ("paint", "paint"), ("grab", "pull"), ("map", "map")]
)
def test_dragging_is_what_it_is_in_this_show(drag: str, word: str) -> None:
    assert word in table(read_show(f'drag = "{drag}"'))["drag"]


def test_where_nothing_moves_dragging_does_nothing() -> None:
    found = table(load.read("schema = 1", "test", lambda _: "")[0])
    assert found["drag"] == "nothing in this show"
    assert "Space" not in found
