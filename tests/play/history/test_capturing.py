"""Capturing while it plays: a cue like any other, undone, kept over an edit of the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.load import Loaded
from engine.play.history.capturing import Capturing
from engine.sources.osc.sender import open as open_sender
from tests.making import run
from tests.performing import play, replay, same_rows, until
from tests.places import SHOWS

GAIN = "/layer/wash/effect/tint/gain"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A show of one's own."""
    path = tmp_path / "own.toml"
    path.write_text((SHOWS / "wash.toml").read_text("utf-8"), "utf-8")
    for shader in SHOWS.glob("*.fs"):
        (tmp_path / shader.name).write_text(shader.read_text("utf-8"), "utf-8")
    return path


def tended(capturing: Capturing) -> Loaded:
    return until(lambda: capturing.tend(print), "a show with its cues")


def ids(show: Show) -> list[str]:
    return [cue.id for cue in show.cues]


def test_it_is_undone_and_done_again(own: Path) -> None:
    loaded = load.load(str(own))
    capturing, before = Capturing(loaded), ids(loaded.show)
    step = capturing.capture(loaded.show, run(loaded.show, 3), "Dusk")
    assert ids(tended(capturing).show) == [*before, "dusk"]
    assert step.undoes is not None
    step.undoes()
    assert ids(tended(capturing).show) == before
    assert step.does is not None
    step.does()
    assert ids(tended(capturing).show) == [*before, "dusk"]


def test_it_is_kept_when_the_file_is_edited(own: Path) -> None:
    loaded = load.load(str(own))
    capturing = Capturing(loaded)
    assert not capturing.follow(loaded)
    capturing.capture(loaded.show, run(loaded.show, 3), "dusk")
    tended(capturing)
    text = own.read_text("utf-8")
    own.write_text(re.sub('name = ".*"', 'name = "other"', text, count=1), "utf-8")
    assert capturing.follow(load.load(str(own)))
    found = tended(capturing)
    assert found.show.name == "other"
    assert "dusk" in ids(found.show)


@pytest.mark.parametrize(
    "words", [GAIN, "x /layer/wash/effect/tint/ga*", "/layer/1/effect/tint/gain"]
)
def test_a_set_of_addresses_by_name_pattern_or_number(own: Path, words: str) -> None:
    loaded = load.load(str(own))
    capturing = Capturing(loaded)
    capturing.capture(loaded.show, run(loaded.show, 3), words)
    found = tended(capturing).show
    assert {found.registry.parameters[p].address for p, _ in found.cues[-1].targets} == {GAIN}


def test_an_address_that_is_not_there_is_said(own: Path) -> None:
    loaded = load.load(str(own))
    with pytest.raises(ValueError, match="not captured: the show has nothing at '/layer/gone'"):
        Capturing(loaded).capture(loaded.show, run(loaded.show, 3), "a /layer/gone")


def test_live_it_is_captured_recalled_undone_saved_and_replayed(own: Path, tmp_path: Path) -> None:
    with play(tmp_path / "run", own) as playing:
        sender = open_sender("127.0.0.1", playing.ready()["ports"]["osc"])
        sender.send(GAIN, 0.375)
        playing.records(f'"{GAIN}", 0.375')
        sender.send("/cue/capture", "Dusk")
        playing.hears("cues: as captured")
        playing.records('"/show/load"')
        sender.send(GAIN, 1.0)
        playing.records(f'"{GAIN}", 1.0')
        sender.send("/cue/dusk/go", 1.0)
        playing.records('"/cue/dusk/go"')
        sender.send("/undo", 1.0)
        playing.records('"/history/put"')
        sender.send("/redo", 1.0)
        playing.records('"/history/put"', 2)
        sender.send("/show/save", 1.0)
        playing.hears("saved as ")
        sender.send("/show/restore", 1.0)
        playing.hears("last good state")
        sender.close()
        assert playing.end() == 0
        live, again = playing.plan(), replay(playing.folder)
    same_rows(live, again, len(again["tick"]))
    (copy,) = tmp_path.glob("own-*.toml")
    show = load.load(str(copy)).show
    (cue,) = (c for c in show.cues if c.id == "dusk")
    assert dict(cue.targets)[show.registry.index[GAIN]] == 0.375
    assert live[GAIN][-1] == 0.375
