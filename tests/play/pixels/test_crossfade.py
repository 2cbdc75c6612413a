"""From one model to another, end to end: the next is loaded and has drawn before the fade."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.documents.take.reader import open_take
from engine.models.random_networks import make_stylegan2
from engine.outputs import null
from engine.play.film.plan import write_plan
from engine.play.film.playback import open_playback
from engine.play.live.options import Options
from engine.play.live.player import Player
from engine.sources.contract import Origin
from tests import stylegan_files as files
from tests.performing import edit, read_plan, same_rows
from tests.play.live import test_player_failures as unfailing

_own_places = unfailing._own_places
MOST_PICTURES = 20_000  # only against hanging
SHOW = """
schema = 1
name = "two models"
size_px = [64, 64]
[output]
fps = 60
[[layers]]
id = "a"
[layers.generator]
kind = "stylegan2"
config = { path = "a.safetensors" }
[[layers]]
id = "b"
opacity = 0.0
[layers.generator]
kind = "stylegan3"
config = { path = "b.safetensors" }
[[cues]]
id = "b"
solo = ["b"]
time_s = 0.25
curve = "linear"
"""
LAMP = """
schema = 1
size_px = [16, 16]
[output]
fps = 60
[[layers]]
id = "a"
[layers.generator]
kind = "lamp"
size_px = 64
config = { delay_s = DELAY }
[layers.path]
speed = 1.0
"""
FPS = 60
OnPicture = Callable[[Player, float, float], bool]


def changes_slowly(pictures: list[tuple[float, float]], most_per_s: float) -> bool:
    """Whether brightness never jumps, however few pictures a busy machine shows in a second."""
    seconds, lights = np.array(pictures).T
    return bool((np.abs(np.diff(lights)) <= most_per_s * np.diff(seconds) + 0.005).all())


def make_show(folder: Path, text: str = SHOW) -> str:
    """A show and two models of 64 pixels, one of each family."""
    for name, family, golden in (
        ("a", "stylegan2", "tiny-sg2ada-64-c0-map8"),
        ("b", "stylegan3", "tiny-sg3t-64"),
    ):
        arrays, about = files.golden(golden)
        files.save(folder / f"{name}.safetensors", family, files.state_of(arrays), about["modules"])
    (folder / "show.toml").write_text(text)
    return str(folder / "show.toml")


@pytest.fixture
def perform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Player]:
    """Play in this process until `on_picture` (the player, when, mean brightness) returns true."""

    def run(show: str, on_picture: OnPicture) -> Player:
        seen = 0
        failed: list[Exception] = []

        def write(frame: int, picture: Any) -> None:
            nonlocal seen
            seen += 1
            light = float(picture.read("rgb48").astype(np.float64).mean() / 65535)
            try:
                is_last = on_picture(player, frame / FPS, light)
                assert seen <= MOST_PICTURES
            except Exception as error:  # noqa: BLE001 - the player would go on without it
                failed.append(error)
                is_last = True
            player.is_over = player.is_over or is_last

        @contextmanager
        def open_watched(*_: object) -> Iterator[SimpleNamespace]:
            yield SimpleNamespace(write=write)

        monkeypatch.setattr(null, "open", open_watched)
        # How long this machine takes to load is said to nobody here, and no picture is missing.
        monkeypatch.setattr("engine.play.live.player.FIRST_FRAME_S", 600.0)
        monkeypatch.setattr("engine.play.pixels.startup.TELL_AFTER_S", math.inf)
        monkeypatch.setattr("engine.play.governor.Governor.news", lambda *_: "")
        options = Options(
            show=show, outputs=("null",), osc="127.0.0.1:0", audio="off", device="cpu",
            take=tmp_path / "take", plan=tmp_path / "plan.npz",
        )  # fmt: skip
        with ExitStack() as stack:
            player = Player(options, stack)
            player.run()
        for error in failed:
            raise error
        return player

    return run


def test_a_show_fades_from_one_model_to_another_that_is_still_loading(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    """The cue is given on the second picture; loading the other takes seconds."""
    pictures: list[tuple[float, float]] = []
    left = 60

    def on_picture(player: Player, seconds: float, light: float) -> bool:
        nonlocal left
        pictures.append((seconds, light))
        if len(pictures) == 2:
            player.queue.take(
                player.line.show, player.line.state.tick, Origin("window"),
                [(0, "/cue/b/go", 1.0)], lambda _: Fraction(0),
            )  # fmt: skip
        state = player.line.state
        is_done = state.cue == 0 and not state.ramps and not state.awaiting
        left -= is_done
        return left == 0

    perform(make_show(tmp_path), on_picture)
    assert capsys.readouterr().err == "cue b waits for the first picture of layer b\n"
    plan, found = read_plan(tmp_path / "plan.npz"), open_take(tmp_path / "take")
    events = [e for tick in range(found.last_tick + 1) for e in found.events_of(tick)]
    told = {(e.address, e.value): e.tick for e in events if e.address.endswith("/ready")}
    assert told["/layer/b/ready", 0] == 0
    assert ("/layer/a/ready", 0) not in told  # it had a picture before the clock started
    go = next(e.tick for e in events if e.address == "/cue/b/go")
    ready = told["/layer/b/ready", 1]
    assert go < ready  # it was awaited
    a, b = plan["/layer/a/opacity"], plan["/layer/b/opacity"]
    assert (a[:ready] == 1.0).all()
    assert (b[:ready] == 0.0).all()
    assert np.abs(np.diff(a)).max() < 0.05
    assert (a[-1], b[-1]) == (0.0, 1.0)
    assert np.allclose(a + b, 1.0)
    # No picture was dark: not while it was awaited, nor in the fade.
    lights = [light for _, light in pictures]
    assert min(lights) > 0.3 * min(lights[1], lights[-1])
    assert changes_slowly(pictures[1:], 9.0)
    write_plan(open_playback(str(tmp_path / "take")), tmp_path / "again.npz")
    same_rows(plan, read_plan(tmp_path / "again.npz"), len(plan["tick"]))


def test_another_model_in_an_edited_show_is_faded_to(
    tmp_path: Path, perform: Callable[..., Player]
) -> None:
    """The picture is always that of one of them, or between them."""
    pictures: list[tuple[float, float]] = []
    show = make_show(tmp_path)
    state, modules = make_stylegan2(64, base=512, most=32, dims=(32, 0, 32), seed=7)
    other = files.save(tmp_path / "c.safetensors", "stylegan2", state, modules)
    left = 90

    def on_picture(player: Player, seconds: float, light: float) -> bool:
        nonlocal left
        pictures.append((seconds, light))
        if len(pictures) == 30:
            edit(Path(show), "a.safetensors", other.name)
        config = player.pixels._slots["a"].wanted.config
        left -= other.name in config
        return left == 0

    perform(show, on_picture)
    lights = [light for _, light in pictures]
    assert min(lights) > 0.5 * lights[29]
    assert changes_slowly(pictures[1:], 3.0)


def test_a_generator_of_a_few_frames_a_second_is_smooth_on_the_screen(
    tmp_path: Path, perform: Callable[..., Player]
) -> None:
    """Red is the latent itself: in a third of a second it moves by more than it may in a frame."""
    pictures: list[tuple[float, float]] = []
    stats: dict[str, Any] = {}

    def on_picture(player: Player, seconds: float, light: float) -> bool:
        pictures.append((seconds, light))
        stats.update(player.pixels.stats()["a"])
        return stats["frames"] >= 14

    perform(make_show(tmp_path, LAMP.replace("DELAY", "0.35")), on_picture)
    assert 0.0 < stats["rate_hz"] < 4.0
    assert stats["restarts"] == 0
    assert np.ptp([light for _, light in pictures[2:]]) > 0.1  # it did move
    assert changes_slowly(pictures[2:], 1.0)  # no faster than a catching-up fade
