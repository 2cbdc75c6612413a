"""Shaders are judged in a child before this process draws them."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.compositor.isf.warm import LIVE_S
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.play import judging
from engine.play.judging import judge_shaders
from tests.compositor.isf.test_warm import mined
from tests.performing import descendants, edit, latent_cinema, play, until
from tests.places import SHADERS, SHOWS

MINE = mined(SHOWS / "tint.fs")
REFUSED = "tint.fs: takes about "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A show whose shader may be replaced."""
    for name in ("wash.toml", "tint.fs", "plain.fs"):
        (tmp_path / name).write_text((SHOWS / name).read_text("utf-8"), "utf-8")
    return tmp_path


def show_with(**shaders: str) -> Show:
    return replace(load.load(str(SHOWS / "wash.toml")).show, shaders=shaders, size_px=(320, 180))


def test_what_came_with_the_program_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "Warmer", lambda *_: pytest.fail("a child was started"))
    grain = (SHADERS / "grain.fs").read_text("utf-8")
    assert judge_shaders(show_with(grain=grain), LIVE_S)
    with pytest.raises(pytest.fail.Exception):
        judge_shaders(show_with(grain=grain + " "), LIVE_S)


def test_an_endless_shader_is_refused_before_it_is_drawn_here() -> None:
    with pytest.raises(ShowError, match=r"mine\.fs: takes about .* s of processor time a frame"):
        judge_shaders(show_with(mine=MINE), LIVE_S)


def test_the_judgement_ends_when_nobody_wants_it() -> None:
    asked = iter([True, True, False])
    assert not judge_shaders(show_with(mine=MINE), LIVE_S, lambda: next(asked))


def test_a_show_does_not_begin_with_an_endless_shader(folder: Path) -> None:
    (folder / "tint.fs").write_text(MINE, "utf-8")
    show, size = folder / "wash.toml", ("--size", "1920x1080")
    for words in (
        ("play", show, "--output", "null", "--osc", "127.0.0.1:0", "--duration", 1),
        ("export", show, folder / "film.mp4", "--duration", 1),
    ):
        done = latent_cinema(*words, *size)
        assert done.returncode == 78
        assert REFUSED in done.stderr
        assert "Traceback" not in done.stderr
    assert not (folder / "film.mp4").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the child by /proc")
def test_signals_are_heard_while_a_shader_is_judged(folder: Path) -> None:
    (folder / "tint.fs").write_text(MINE, "utf-8")
    with play(folder, folder / "wash.toml", "--size", "3840x2160") as playing:
        until(lambda: descendants(playing.pid), "the child that judges")
        assert playing.end(signal.SIGTERM) in (0, 78)  # 78: it was judged sooner


def test_an_endless_shader_does_not_replace_a_good_one(folder: Path) -> None:
    with play(folder, folder / "wash.toml", "--size", "320x180") as playing:
        playing.ready()
        text = (folder / "tint.fs").read_text("utf-8")
        edit(folder / "tint.fs", text, MINE)
        playing.hears(REFUSED)
        playing.hears("the old shader goes on")
        assert playing.end() == 0


def test_a_check_of_shaders_ends(folder: Path) -> None:
    (folder / "mine.fs").write_text(MINE, "utf-8")
    done = latent_cinema("shader", "check", folder / "mine.fs", "--size", "3840x2160")
    assert done.returncode == 1
    assert "takes about" in done.stdout
