"""A network that is replaced on disk while it plays: the new one follows, the take says so."""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.take import find_models, models
from engine.documents.take.content_store import TakeError
from engine.models.sidecars import snapshots
from engine.play.live import reload
from engine.play.live.reload import Reloader
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.live import LivePixels
from engine.play.pixels.slot import CHANGE_S
from tests.age_files import aged, network
from tests.making import read_show, run
from tests.performing import edit, latent_cinema, play, until
from tests.play.pixels.test_live import FPS, Stage

SMALL: dict[str, Any] = {"base": 128, "most": 8, "mapping_layers": 1}


def text(path: Path) -> str:
    return f"""
schema = 1
size_px = [64, 64]
[[layers]]
id = "net"
generator = {{ kind = "stylegan2", config = {{ path = "{path}" }} }}
"""


def train_on(path: Path, seed: int) -> str:
    """Replace a network as a training does, in one step; return its hash."""
    part = network(path.with_name("part.safetensors"), seed=seed, **SMALL)
    part.replace(path)
    return digest(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return network(tmp_path / "net.safetensors", seed=1, **SMALL)


@pytest.fixture
def stage(ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(ctx, monkeypatch)
    yield made
    made.pixels.close()


def read(path: Path) -> Show:
    return read_show(text(path).replace("schema = 1", ""))


def read_mixed(path: Path, other: Path) -> Show:
    """The average picture of two networks, half and half, wherever their path is."""
    config = f'path = "{path}", other = "{other}"'
    mixed = f"{config} }}, parameters = {{ blend = 0.5, truncation = 0.0"
    return read_show(text(path).replace("schema = 1", "").replace(f'path = "{path}"', mixed))


def draw(stage: Stage, show: Show, frames: int) -> list[Any]:
    state = run(show, 1)
    return [stage.draw(show, state, "net") for _ in range(frames)]


def test_a_new_version_fades_in_when_it_has_a_picture(stage: Stage, model: Path) -> None:
    show = read(model)
    draw(stage, show, 30)
    train_on(model, 2)
    again = read(model)
    stage.next = {"render_s": 0.5}
    shown = draw(stage, again, int(FPS * (0.5 + CHANGE_S)) + 10)
    assert all(each is not None for each in shown)
    old, new = stage.hosts
    assert (old.is_closed, new.is_closed) == (True, False)
    assert old.asked[-1].seconds > 0.9  # it played on until the new one was there
    assert len({round(each[2], 3) for each in shown}) > 20  # weights of a fade, not a cut


def test_the_other_network_of_a_mix_is_replaced_and_the_picture_changes(
    ctx: moderngl.Context, model: Path
) -> None:
    other = network(model.with_name("other.safetensors"), seed=5, **SMALL)
    pixels = LivePixels(Bridge(ctx), "cpu")
    hosts: dict[int, object] = {}

    def picture(show: Show, worker: int) -> Any:
        """What a layer's first worker, or its second, draws; None as long as it draws nothing."""
        state = run(show, 1)
        pixels.ask(show, state, sample(show, state, 0.0), time.perf_counter())
        hosts[id(pixels.host("net"))] = pixels.host("net")
        frame = pixels.newest("net") if len(hosts) == worker else None
        return None if frame is None else [np.float32(frame.pixels)]

    try:
        show = read_mixed(model, other)
        (before,) = until(lambda: picture(show, 1), "a picture of the mix")
        train_on(other, 6)
        replaced = read_mixed(model, other)
        (after,) = until(lambda: picture(replaced, 2), "a picture of the new mix")
    finally:
        pixels.close()
    assert np.abs(before - after).max() > 0.05


def test_a_show_that_is_read_again_keeps_its_network(stage: Stage, model: Path) -> None:
    draw(stage, read(model), 5)
    draw(stage, read(model), 5)
    assert len(stage.hosts) == 1


def test_many_versions_do_not_pile_up_and_the_newest_wins(stage: Stage, model: Path) -> None:
    draw(stage, read(model), 5)
    stage.next = {"render_s": 2.0}  # it takes longer to load than to be replaced
    for seed in range(2, 8):
        train_on(model, seed)
        draw(stage, read(model), 15)
    assert len(stage.hosts) == 2
    last = read(model)
    draw(stage, last, int(2.5 * FPS))
    assert len(stage.hosts) == 3
    assert [host.is_closed for host in stage.hosts] == [True, False, False]
    draw(stage, last, int(2.5 * FPS))
    assert [host.is_closed for host in stage.hosts] == [True, True, False]


def test_a_version_that_fails_leaves_the_old_one_and_makes_way(stage: Stage, model: Path) -> None:
    draw(stage, read(model), 5)
    stage.next = {"render_s": 0.0, "failure": "weights that are no numbers"}
    train_on(model, 2)
    draw(stage, read(model), 30)
    assert [host.is_closed for host in stage.hosts] == [False, False]
    assert "weights that are no numbers" in " ".join(stage.pixels.complaints())
    stage.next = {"render_s": 0.0}
    train_on(model, 3)
    draw(stage, read(model), 30)
    assert [host.is_closed for host in stage.hosts] == [True, True, False]


@pytest.fixture
def show(model: Path) -> Path:
    path = model.parent / "show.toml"
    path.write_text(text(model))
    return path


def poll(reloader: Reloader, playing: load.Loaded) -> load.Loaded | str:
    clock = iter(np.arange(1e6) * 0.02)
    found: load.Loaded | str = until(
        lambda: reloader.poll(playing.show, next(clock)), "an answer of the reloader"
    )
    return found


@pytest.fixture
def reloading(show: Path) -> Iterator[Callable[[], load.Loaded | str]]:
    loaded = load.load(str(show))
    reloader = Reloader(loaded)
    # Its first look is over when an edit has come through.
    edit(show, "schema = 1", "schema = 1\nseed = 4")
    assert isinstance(poll(reloader, loaded), load.Loaded)
    yield lambda: poll(reloader, loaded)
    reloader.close()


def test_a_replaced_file_is_seen_and_named(
    reloading: Callable[[], load.Loaded | str], model: Path
) -> None:
    sha256 = train_on(model, 2)
    found = reloading()
    assert isinstance(found, load.Loaded)
    assert found.replaced == {str(model): sha256}
    snapshots.path_of(model).write_bytes(b"")  # so are ages that appear
    assert "net.ages.safetensors" in str(reloading())


def test_of_quick_replacements_only_the_newest_is_taken(
    reloading: Callable[[], load.Loaded | str], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "REPLACED_S", 1e9)
    first = train_on(model, 2)
    found = reloading()
    assert isinstance(found, load.Loaded)
    assert found.replaced == {str(model): first}
    train_on(model, 3)
    newest = train_on(model, 4)
    monkeypatch.setattr(reload, "REPLACED_S", 0.0)
    found = reloading()
    assert isinstance(found, load.Loaded)
    assert found.replaced == {str(model): newest}


def test_a_file_that_is_gone_for_a_moment_is_told_and_waited_for(
    reloading: Callable[[], load.Loaded | str], model: Path
) -> None:
    kept = model.read_bytes()
    model.unlink()
    told = reloading()
    assert isinstance(told, str)
    assert "net.safetensors" in told
    assert told.endswith("the old show goes on")
    model.write_bytes(kept[: len(kept) // 2])
    told = reloading()
    assert isinstance(told, str)
    assert "fetch it again" in told
    train_on(model, 2)
    assert isinstance(reloading(), load.Loaded)


def test_a_show_that_names_another_network_watches_that(
    reloading: Callable[[], load.Loaded | str], model: Path, show: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = network(tmp_path / "elsewhere" / "other.safetensors", seed=5, **SMALL)
    edit(show, str(model), str(other))
    assert isinstance(reloading(), load.Loaded)
    sha256 = train_on(other, 6)
    found = reloading()
    assert isinstance(found, load.Loaded)
    assert found.replaced == {str(other): sha256}


def test_a_take_tells_of_every_network_and_its_film_is_refused(model: Path, show: Path) -> None:
    folder = model.parent
    first = digest(model)
    with play(folder, show) as playing:
        playing.ready()
        second = train_on(model, 2)
        playing.hears("net.safetensors: reloaded")
        playing.records(f'"/show/model", "{second} {model}"')
        assert playing.end() == 0
        assert playing.stats()["generators"]["net"]["error"] == ""
    assert "Traceback" not in playing.said
    take = folder / "take"
    header = tomllib.loads((take / "take.toml").read_text())
    assert [mark["sha256"] for mark in header["models"]] == [first, second]
    done = latent_cinema("export", take, folder / "f-%05d.png", "--to", "0.05")
    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert first[:12] in done.stderr
    assert "2 networks under one name" in done.stderr


def test_a_film_insists_on_the_same_ages(tmp_path: Path) -> None:
    path = aged(tmp_path / "net.safetensors", **SMALL)
    fingerprints = models.with_hashes(models.fingerprints(read(path)), read(path))
    assert fingerprints[0]["ages_sha256"] == digest(snapshots.path_of(path))
    find_models.find(tmp_path, fingerprints)
    beside = snapshots.path_of(path)
    beside.write_bytes(beside.read_bytes() + b"\0")
    with pytest.raises(TakeError, match=fingerprints[0]["ages_sha256"][:12]):
        find_models.find(tmp_path, fingerprints)
    beside.unlink()
    with pytest.raises(TakeError, match="is not there; put that file back"):
        find_models.find(tmp_path, fingerprints)
