"""Bindings: every key of a show is listed, and what it hides is said."""

from __future__ import annotations

import pytest

from engine.core.frame.sample import sample
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.play.live.bindings import BUILT_IN, SAME, flags, hidden, label, rows, upcoming
from tests.making import read_show, run


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


def test_mapped_keys_are_listed_too() -> None:
    found = table(load.load("two-decks").show)
    assert "deck A" in found["Right"]
    assert found["Left"].endswith("(-0.1)")


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


def test_a_key_that_is_another_does_what_that_does() -> None:
    assert all(other in BUILT_IN for other in SAME.values())
    assert SAME["ctrl+shift+z"] == "ctrl+y"


def test_what_comes_next_is_of_the_list_or_of_the_autopilot() -> None:
    cues = '[[cues]]\nid = "a"\nnext = "b"\nafter_s = 1.0\n[[cues]]\nid = "b"\n'
    show = read_show(cues)
    assert upcoming(show, run(show, 1, [(0, "/cue/a/go", True)])) == ""
    events = [(0, "/cue/a/go", True), (0, "/autopilot/on", True)]
    assert upcoming(show, run(show, 1, events)) == "b"
    show = read_show(cues + '[[cue_lists]]\nid = "m"\ncues = ["b", "a"]\n')
    assert upcoming(show, run(show, 1)) == "b"
    assert upcoming(show, run(show, 1, [(0, "/cues/go", True)])) == "a"


def test_the_operator_is_told_that_the_limiter_is_off_or_limits() -> None:
    show = read_show()
    assert flags(show, run(show, 2), is_limiting=False) == ()
    assert flags(show, run(show, 2), is_limiting=True) == ("limiting flashes",)
    off = run(show, 3, [(1, "/master/flash_limiter", False), (1, "/master/blackout", True)])
    assert flags(show, off, is_limiting=False) == ("blackout on", "flash limiter OFF")
    assert not sample(show, off, 3 / 120).limits_flashes
    assert sample(show, run(show, 3), 3 / 120).limits_flashes


def test_a_show_may_begin_without_the_limiter() -> None:
    show = read_show("[master]\nflash_limiter = false\n")
    assert not sample(show, run(show, 3), 3 / 120).limits_flashes
