"""Shaders are judged in a child before this process draws them."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.compositor.isf.warm import LIVE_S
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.play import judging
from engine.play.judging import judge_shaders
from engine.play.line import draw
from engine.play.live import player as player_module
from engine.play.live.options import Options
from engine.play.live.player import Player
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
        done = latent_cinema(*words, *size, is_patient=True)
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


SOLID = '/*{"ISFVSN": "2"}*/ void main() { gl_FragColor = vec4(%s, 1.0); }'
BESIDE = """schema = 1
size_px = [64, 36]
[[layers]]
id = "under"
[layers.source]
shader = "field"
[[layers]]
id = "over"
[layers.source]
shader = "mine"
"""


def beginning(folder: Path, stack: ExitStack, text: str, monkeypatch: pytest.MonkeyPatch) -> Player:
    """A player whose show begins without waiting for the trial of its own shader."""
    (folder / "mine.toml").write_text(BESIDE, "utf-8")
    (folder / "mine.fs").write_text(text, "utf-8")
    monkeypatch.setattr(player_module, "SHADERS_S", -1.0)
    options = Options(
        show=str(folder / "mine.toml"), outputs=("null",), osc="127.0.0.1:0", audio="off"
    )
    player = Player(options, stack)
    monkeypatch.setattr(player, "notify", (said := []).append)
    player.said = said  # type: ignore[attr-defined]
    player.prepare()
    return player


def shown(player: Player) -> np.ndarray:
    return draw(player.compositor, player.pixels, (), player._plan).read("rgb24")


def test_other_layers_play_until_a_shader_has_passed_its_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        player = beginning(tmp_path, stack, SOLID % "1.0, 0.0, 0.0", monkeypatch)
        assert np.ptp(shown(player)) > 0  # the layer below
        assert player.trials.waiting == ["mine"]
        assert "mine.fs" in player.trials.doing(player.line.show)["over"]
        until(lambda: list(player._load_tried(time.monotonic())) or not player.trials.waiting, "it")
        assert (shown(player) == (255, 0, 0)).all()
        assert player.trials.doing(player.line.show) == {}


def test_a_shader_that_fails_its_trial_is_told_and_never_drawn_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        player = beginning(tmp_path, stack, (SOLID % "1.0, 0.0, oops").replace("void", "\nvoid"),
                           monkeypatch)  # fmt: skip
        before = shown(player)
        compiled: list[str] = []
        load = player.compositor.load

        def noted(name: str, text: str) -> object:
            compiled.append(name)
            return load(name, text)

        monkeypatch.setattr(player.compositor, "load", noted)
        why = until(lambda: list(player._load_tried(time.monotonic())), "the refusal")
        assert "mine.fs:2: " in why[0]
        player._reload(player.loaded)  # nor when something else of the show is edited
        assert "mine" not in compiled
        assert (shown(player) == before).all()
        assert player.trials.refused == {"mine": why[0]}


def test_a_show_that_lacked_a_shader_to_the_end_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        beginning(tmp_path, stack, SOLID % "oops", monkeypatch).close = None  # type: ignore[attr-defined]
    monkeypatch.setattr(Player, "run", lambda self: until(
        lambda: list(self._load_tried(time.monotonic())), "the refusal"))  # fmt: skip
    options = Options(
        show=str(tmp_path / "mine.toml"), outputs=("null",), osc="127.0.0.1:0", audio="off"
    )
    with pytest.raises(ShowError, match=r"without a shader: mine\.fs:1: "):
        player_module.play(options)


def test_buffers_that_were_shrunk_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = SOLID.replace('"2"', '"2", "PASSES": [{"TARGET": "b", "WIDTH": "$WIDTH*1000"}, {}]')
    with ExitStack() as stack:
        player = beginning(tmp_path, stack, huge % "1.0, 0.0, 0.0", monkeypatch)
        until(lambda: list(player._load_tried(time.monotonic())) or not player.trials.waiting, "it")
        for _ in range(3):
            shown(player)
            player._complain()
        (said,) = player.said  # type: ignore[attr-defined]
        assert said.startswith("mine.fs: its buffer b is drawn smaller than it asks for, at ")


def test_a_check_of_shaders_ends(folder: Path) -> None:
    (folder / "mine.fs").write_text(MINE, "utf-8")
    done = latent_cinema("shader", "check", folder / "mine.fs", "--size", "3840x2160")
    assert done.returncode == 1
    assert "takes about" in done.stdout
