"""Saving while it plays: by a key of the show or by OSC, told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.show.addresses import HOST
from engine.documents.show import load
from engine.play import saving
from engine.play.live.bindings import rows
from engine.play.live.commands import COMMANDS
from engine.play.saving import Saving
from engine.sources.osc.sender import open as open_sender
from tests.making import run
from tests.performing import play
from tests.places import SHOWS


def test_what_a_show_may_put_on_keys_is_what_the_player_does() -> None:
    assert COMMANDS.keys() == HOST.keys()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A show of one's own."""
    path = tmp_path / "own.toml"
    path.write_text(
        (SHOWS / "wash.toml").read_text("utf-8") + '\n[keys]\nz = "/show/save"\n', "utf-8"
    )
    for shader in SHOWS.glob("*.fs"):
        (tmp_path / shader.name).write_text(shader.read_text("utf-8"), "utf-8")
    return path


def test_a_key_of_a_show_may_save(own: Path) -> None:
    assert "Z\tsaves a copy of the show with the values it has now" in rows(
        load.load(str(own)).show
    )


def test_osc_saves_what_it_has_moved(own: Path, tmp_path: Path) -> None:
    gain = "/layer/wash/effect/tint/gain"
    with play(tmp_path / "run", own) as playing:
        sender = open_sender("127.0.0.1", playing.ready()["ports"]["osc"])
        sender.send(gain, 0.375)
        playing.records(f'"{gain}", 0.375')
        sender.send("/show/save", 1.0)
        playing.hears("saved as ")
        sender.close()
        assert playing.end() == 0
    (copy,) = tmp_path.glob("own-*.toml")
    assert str(copy) in playing.said
    found = load.load(str(copy)).show
    assert found.registry[gain].default == 0.375


def test_a_copy_that_cannot_be_written_is_told_and_copies_are_counted(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load.load(str(own))
    state = run(loaded.show, 3)
    monkeypatch.setattr(saving, "MOST_COPIES", 1)
    said: list[str] = []
    own.with_name("own-x.toml").mkdir()
    monkeypatch.setattr(saving.time, "strftime", lambda _: "x")
    writing = Saving()
    for _ in range(2):
        writing.save(loaded, loaded.show, state)
        writing.close()
    writing.tend(said.append)
    assert len(said) == 2
    assert said[0].startswith("not saved: ")
    assert "own-x.toml" in said[0]
    assert said[1] == "not saved: this performance has 1 copies already"
