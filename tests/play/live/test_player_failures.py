"""The display never waits: slow, dead and failing generators, full disks, broken frames."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.documents.take import recorder
from engine.documents.take.reader import open_take
from engine.outputs import null
from engine.play.film.plan import write_plan
from engine.play.film.playback import open_playback
from engine.play.governor import levels_of
from engine.play.live import player as player_module
from engine.play.live import recording
from engine.play.live.options import Options
from engine.play.live.player import Player
from engine.play.pixels import startup
from engine.play.plan_file import PlanWriter
from tests.performing import lamp, read_plan, same_rows
from tests.places import SHOWS

MOST_PICTURES = 20_000  # only against hanging
OnPicture = Callable[[Player, np.ndarray], bool]


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's generator is installed; caches and films go nowhere else.

    However busy the machine is, the show begins with a picture.
    """
    monkeypatch.setattr("engine.play.live.player.FIRST_FRAME_S", 600.0)
    monkeypatch.setattr("engine.play.live.player.SHADERS_S", 600.0)
    monkeypatch.setattr(startup, "TELL_AFTER_S", math.inf)
    lamp(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    places = SimpleNamespace(
        user_cache_dir=lambda _: str(tmp_path / "cache"),
        user_videos_dir=lambda: str(tmp_path / "videos"),
    )
    monkeypatch.setattr(recording, "platformdirs", places)


def show(tmp_path: Path, **changes: str) -> str:
    """The lamp's show with some texts replaced."""
    text = (SHOWS / "lamp.toml").read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "lamp.toml").write_text(text)
    (tmp_path / "tint.fs").write_text((SHOWS / "tint.fs").read_text("utf-8"))
    return str(tmp_path / "lamp.toml")


@pytest.fixture
def perform(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Player]:
    """Play in this process until `on_picture` (the player, the centre pixel) returns true."""

    def run(name: str, on_picture: OnPicture, before: Any = None, **options: Any) -> Player:
        found = Options(
            show=name, outputs=("null",), osc="127.0.0.1:0", audio="off", device="cpu", **options
        )
        with ExitStack() as stack:
            seen = 0
            failed: list[Exception] = []

            def write(frame: int, picture: Any) -> None:
                nonlocal seen
                seen += 1
                pixels = picture.read("rgb24")
                try:
                    is_last = on_picture(player, pixels[pixels.shape[0] // 2, pixels.shape[1] // 2])
                    assert seen <= MOST_PICTURES
                except Exception as error:  # noqa: BLE001 - the player would go on without it
                    failed.append(error)
                    is_last = True
                player.is_over = player.is_over or is_last

            @contextmanager
            def open_watched(*_: object) -> Iterator[SimpleNamespace]:
                yield SimpleNamespace(write=write)

            monkeypatch.setattr(null, "open", open_watched)
            player = Player(replace(found), stack)
            if before is not None:
                before(player)
            player.run()
            player.final = player.report()  # type: ignore[attr-defined]
        for error in failed:
            raise error
        return player

    return run


def test_a_slow_generator_leaves_the_pictures_their_rate(
    tmp_path: Path, perform: Callable[..., Player]
) -> None:
    pictures: list[tuple[int, ...]] = []

    def look(player: Player, pixel: np.ndarray) -> bool:
        pictures.append(tuple(pixel.tolist()))
        frames = player.pixels.stats()["lamp"]["frames"]
        # Between two frames of the generator there is what lies between them: more than its frames.
        return frames >= 4 and len({red for red, _, _ in pictures}) > frames + 4

    player = perform(show(tmp_path, **{"delay_s = 0.0": "delay_s = 0.5"}), look)
    frames = player.final["generators"]["lamp"]["frames"]  # type: ignore[attr-defined]
    assert len(pictures) > frames + 4  # it never waited for one
    assert all(blue == 255 for _, _, blue in pictures)  # always lit


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_killed_worker_comes_back_and_the_picture_stays(
    tmp_path: Path, perform: Callable[..., Player]
) -> None:
    pictures: list[tuple[int, ...]] = []
    killed: list[int] = []
    frames_then = 0

    def look(player: Player, pixel: np.ndarray) -> bool:
        nonlocal frames_then
        pictures.append(tuple(pixel.tolist()))
        stats = player.pixels.stats()["lamp"]
        if not killed and stats["frames"] > 10:
            killed.append(stats["pid"])
            frames_then = stats["frames"]
            os.kill(stats["pid"], signal.SIGKILL)
        return bool(killed) and stats["restarts"] > 0 and stats["frames"] > frames_then + 10

    player = perform(show(tmp_path), look)
    stats = player.final["generators"]["lamp"]  # type: ignore[attr-defined]
    assert stats["restarts"] == 1
    assert stats["state"] == "ready"
    assert stats["pid"] not in killed
    assert all(blue == 255 for _, _, blue in pictures)
    assert player.stats.frames == len(pictures)


def test_a_generator_that_fails_is_told_once_and_the_picture_stays(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    pictures: list[tuple[int, ...]] = []
    told_at: list[int] = []

    def look(player: Player, pixel: np.ndarray) -> bool:
        pictures.append(tuple(pixel.tolist()))
        stats = player.pixels.stats()["lamp"]
        if stats["frames"] > 5 and not told_at:
            tick = player.line.state.tick + 1
            player.queue.add(tick, "/layer/lamp/generator/act", 1.0, "test")
        if player.pixels._reported.get("lamp"):
            told_at.append(len(pictures))
        return len(told_at) > 60

    perform(show(tmp_path), look)
    said = capsys.readouterr().err
    assert said.count("layer lamp: RuntimeError: asked to fail") == 1
    assert all(blue == 255 for _, _, blue in pictures)


def test_a_generator_that_cannot_be_built_is_told_and_the_show_plays(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    name = show(tmp_path, **{"delay_s = 0.0": 'breaks = "build"'})
    player = perform(name, lambda p, _: p.stats.frames > 40)
    said = capsys.readouterr().err
    assert said.count("layer lamp: failed: OSError: weights.safetensors: not found") == 1
    assert player.stats.frames > 40


def gated(tmp_path: Path) -> tuple[str, Path]:
    """A show whose first picture waits for a file."""
    gate = tmp_path / "gate"
    return show(tmp_path, **{"delay_s = 0.0": f'gate = "{gate}"'}), gate


def ready_of(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "ready.json").read_text())
    return found


def test_it_is_ready_once_every_visible_layer_has_its_picture(
    tmp_path: Path, perform: Callable[..., Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_module, "FIRST_FRAME_S", -1.0)
    monkeypatch.setattr(player_module, "READY_S", 600.0)
    name, gate = gated(tmp_path)
    ready = tmp_path / "ready.json"

    def look(player: Player, _: np.ndarray) -> bool:
        if player.stats.frames == 40:
            assert not ready.exists()
            assert list(player.pixels.missing(player._plan)) == ["lamp"]
            gate.touch()
        held.append(player.pixels._bridge.holds("lamp"))
        return ready.exists()

    held: list[bool] = []
    player = perform(name, look, ready=ready)
    assert player.stats.frames >= 40
    assert ready_of(tmp_path)["missing"] == {}
    assert held[-1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ('breaks = "build"', "failed: OSError: weights.safetensors: not found"),
        ('gate = "nowhere"', "draws its first picture"),
    ],
)
def test_a_layer_that_has_no_picture_is_named_in_the_ready_file(
    tmp_path: Path, perform: Callable[..., Player], monkeypatch: pytest.MonkeyPatch,
    change: str, why: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(player_module, "FIRST_FRAME_S", -1.0)

    def look(player: Player, _: np.ndarray) -> bool:
        if why in player.pixels.missing(player._plan).get("lamp", ""):
            monkeypatch.setattr(player_module, "READY_S", -1.0)  # the time is over
        return (tmp_path / "ready.json").exists()

    perform(show(tmp_path, **{"delay_s = 0.0": change}), look, ready=tmp_path / "ready.json")
    missing = ready_of(tmp_path)["missing"]
    assert list(missing) == ["lamp"]
    assert missing["lamp"].startswith(why)


def test_what_takes_long_is_told_on_the_terminal_and_marked_until_it_is_over(
    tmp_path: Path,
    perform: Callable[..., Player],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(startup, "TELL_AFTER_S", 0.0)
    name, gate = gated(tmp_path)
    marks: list[str] = []

    def watch(player: Player) -> None:
        def toast(text: str, seconds: float = 0.0, kind: str = "message") -> None:
            if kind == "mark":
                assert seconds == math.inf
                marks.append(text)
                if "draws its first picture" in text:
                    gate.touch()

        player.presenter.toast = toast  # type: ignore[method-assign]

    perform(name, lambda _, __: "" in marks, before=watch)
    assert marks[0] == "lamp is loading"
    assert "lamp draws its first picture" in marks
    said = capsys.readouterr().err
    assert said.count("layer lamp is loading\n") == 1
    assert said.count("layer lamp draws its first picture\n") == 1


def test_a_frame_that_fails_leaves_the_last_one_and_is_told_once(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = []

    def break_some(player: Player) -> None:
        compose = player.compositor.compose

        def fail_at_times(*arguments: Any) -> Any:
            if 10 <= player.stats.frames < 30:
                broken.append(player.stats.frames)
                raise RuntimeError("the driver said no")
            return compose(*arguments)

        player.compositor.compose = fail_at_times  # type: ignore[method-assign]

    perform(str(SHOWS / "wash.toml"), lambda p, _: p.stats.frames >= 40, before=break_some)
    assert len(broken) == 20
    assert capsys.readouterr().err.count("RuntimeError: the driver said no") == 1


def test_the_best_improvisation_is_kept_though_nobody_armed_it(
    tmp_path: Path, perform: Callable[..., Player], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "PART_S", 1)
    monkeypatch.setattr(recording, "ROLLING_S", 1.0)
    kept_at: list[int] = []

    def look(player: Player, _: np.ndarray) -> bool:
        tick = player.line.state.tick
        player.queue.add(tick + 1, "/layer/wash/opacity", (tick % 100) / 100, "test")
        if tick > 480 and not kept_at:
            kept_at.append(tick)
            player._run_command("keep")
        return bool(kept_at) and tick > kept_at[0] + 60

    perform(str(SHOWS / "wash.toml"), look, plan=tmp_path / "plan.npz")
    (take,) = (tmp_path / "videos" / "latent-cinema").iterdir()
    write_plan(open_playback(str(take)), tmp_path / "again.npz")
    plan, again = read_plan(tmp_path / "plan.npz"), read_plan(tmp_path / "again.npz")
    # The newest second, and at most the parts around it: the oldest ones are forgotten.
    first, count = int(again["tick"][0]), len(again["tick"])
    assert first % 120 == 0
    assert kept_at[0] - 360 <= first <= kept_at[0] - 120
    assert kept_at[0] - 60 <= again["tick"][-1] <= kept_at[0]
    assert len(set(again["/layer/wash/opacity"].tolist())) > 1
    same_rows({a: rows[first:] for a, rows in plan.items()}, again, count)
    assert not list((tmp_path / "cache" / "rolling").iterdir())  # nothing else is left


def test_keeping_where_nothing_can_be_written_stops_nothing(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "videos").write_text("a file where the folder should be")

    def look(player: Player, _: np.ndarray) -> bool:
        if player.stats.frames == 20:
            player._run_command("keep")
        return bool(player.recording._recorder and player.recording._recorder.news)

    player = perform(str(SHOWS / "wash.toml"), look)
    player.recording.tend(player.notify)
    assert "nothing was kept" in capsys.readouterr().err
    assert player.recording.report()["error"] == ""


def test_a_full_disk_stops_the_recording_and_never_the_show(
    tmp_path: Path,
    perform: Callable[..., Player],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    after: list[int] = []

    def look(player: Player, _: np.ndarray) -> bool:
        if player.stats.frames == 30:
            monkeypatch.setattr(recorder, "LEAST_FREE_BYTES", 1 << 62)
        if player.recording.report()["error"]:
            after.append(player.stats.frames)
        return len(after) > 40

    perform(str(SHOWS / "wash.toml"), look, take=tmp_path / "take", plan=tmp_path / "plan.npz")
    said = capsys.readouterr().err
    assert said.count("recording stopped, the show goes on") == 1
    write_plan(open_playback(str(tmp_path / "take")), tmp_path / "again.npz")
    again = read_plan(tmp_path / "again.npz")
    same_rows(read_plan(tmp_path / "plan.npz"), again, len(again["tick"]))


def test_a_plan_file_that_fails_is_told_once_and_costs_no_take(
    tmp_path: Path,
    perform: Callable[..., Player],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    after: list[int] = []

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def look(player: Player, _: np.ndarray) -> bool:
        plan = player.recording._plan
        assert plan is not None
        if player.stats.frames == 10:
            plan._stop("No space left on device", "free some disk")
        if plan.error:
            after.append(player.line.state.tick)
        return len(after) > 40

    monkeypatch.setattr(PlanWriter, "_write_arrays", refuse)
    with pytest.raises(OSError, match=r"plan\.npz: not written \(No space left on device\); free"):
        perform(str(SHOWS / "wash.toml"), look, take=tmp_path / "take", plan=tmp_path / "plan.npz")
    assert capsys.readouterr().err.count("plan.npz: the plan file ends early") == 1
    assert open_take(tmp_path / "take").header["ticks"] > after[-1]
    assert not list(tmp_path.glob("plan.npz*"))


def test_what_a_dead_performance_left_is_kept_once(
    tmp_path: Path, perform: Callable[..., Player], capsys: pytest.CaptureFixture[str]
) -> None:
    rolling = tmp_path / "cache" / "rolling"
    for age_s, name in ((9000, "older"), (6000, "newer")):
        (rolling / name / "parts").mkdir(parents=True)
        (rolling / name / "take.toml").write_text("schema = 1\n")
        for path in (rolling / name, rolling / name / "parts"):
            then = path.stat().st_mtime - age_s
            os.utime(path, (then, then))
    (rolling / "living" / "parts").mkdir(parents=True)
    for _ in range(2):
        perform(str(SHOWS / "wash.toml"), lambda p, _: p.stats.frames > 3)
    assert capsys.readouterr().err.count("ended unexpectedly") == 1
    assert (tmp_path / "cache" / "rescued" / "take.toml").exists()
    assert [path.name for path in rolling.iterdir()] == ["living"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_second_signal_ends_it_at_once(tmp_path: Path, perform: Callable[..., Player]) -> None:
    def look(player: Player, _: np.ndarray) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return False

    with pytest.raises(KeyboardInterrupt):
        perform(str(SHOWS / "wash.toml"), look)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_machine_that_cannot_keep_up_draws_less_where_nothing_keeps_it(
    tmp_path: Path,
    perform: Callable[..., Player],
    capsys: pytest.CaptureFixture[str],
    is_kept: bool,
) -> None:
    """The times that the governor hears of are scripted: 100 ms a frame, 1 ms at its last level."""
    seen: list[tuple[tuple[int, int], int]] = []

    def slow(player: Player) -> None:
        note = player.governor.note
        last = levels_of(player.fps, player.line.show.size_px)[-1]
        player.outputs.is_only_seen = not is_kept
        player.governor.begin = lambda _: False  # type: ignore[method-assign]
        player.governor.note = lambda now_s, _, __: note(  # type: ignore[method-assign]
            now_s, 0.001 if player.governor.level == last else 0.1
        )

    def look(player: Player, pixel: np.ndarray) -> bool:
        assert pixel[2] == 255  # lit, whatever its size
        seen.append((player._picture.texture.size, player.pacer.next - 1))
        assert player._picture.size_px == (640, 360)
        return player.line.state.tick > 120 * 5

    path = show(tmp_path)
    player = perform(path, look, before=slow, size_px=(640, 360))
    told = capsys.readouterr().err
    final = player.final  # type: ignore[attr-defined]
    if is_kept:
        assert {size for size, _ in seen} == {(640, 360)}
        assert (final["scale"], final["every"], final["given_up"]) == (1.0, 1, [])
        assert "drawn" not in told
        return
    assert seen[0][0] == (640, 360)
    assert seen[-1][0] == (320, 180)
    assert (final["scale"], final["every"]) == (0.5, 4)
    assert final["given_up"][-1]["why"].startswith("a frame took 100 ms")
    assert told.count("frames a second are drawn: a frame took 100 ms") == 1
    assert set(final["share"]) <= {"display", "lamp"}
