"""A take is the film: what was played with sound, replayed and rendered, to the bit and sample."""

from __future__ import annotations

import shutil
import signal
import subprocess
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engine.play.film.export import Job, Progress, frame_count, render
from engine.play.film.playback import open_playback
from tests.compositor.colour.flashes import count
from tests.performing import (
    COMMAND,
    LIMIT_S,
    Playing,
    click_wav,
    latent_cinema,
    play,
    read_plan,
    replay,
    same_rows,
    succeed,
    until,
)
from tests.places import SHOWS

SHOW = SHOWS / "tiny.toml"
CLICK = 28_123  # samples: no whole number of frames, ticks or analysis hops
RATE_HZ = 48_000
PLAYED_S = 1.25
FPS = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("film")


@pytest.fixture(scope="module")
def wav(folder: Path) -> Path:
    return click_wav(folder / "click.wav", CLICK, 2 * RATE_HZ)


@pytest.fixture(scope="module")
def played(folder: Path, wav: Path) -> Playing:
    """A performance with a click in its sound."""
    with play(folder / "played", SHOW, "--audio", wav, "--duration", PLAYED_S) as playing:
        playing.stats()
    return playing


@pytest.fixture(scope="module")
def film(folder: Path, played: Playing) -> tuple[Path, list[str]]:
    """The take of it as a film, and the hashes of its frames."""
    return export(folder, played.folder / "take", "take.mp4")


def export(folder: Path, source: Path, name: str) -> tuple[Path, list[str]]:
    out, hashes = folder / name, folder / f"{name}.txt"
    succeed("export", source, out, "--hashes", hashes, "--preset", "ultrafast")
    return out, read_hashes(hashes)


def export_here(
    folder: Path, source: Path, name: str, audio: Path | None = None, **job: Any
) -> tuple[Path, list[str]]:
    """Export in this process, which has its libraries loaded."""
    out, hashes = folder / name, folder / f"{name}.txt"
    render(open_playback(str(source), audio), Job(out, hashes=hashes, preset="ultrafast", **job))
    return out, read_hashes(hashes)


def read_hashes(path: Path) -> list[str]:
    return [line.split()[1] for line in path.read_text().splitlines()]


def steady_ticks(played: Playing) -> int:
    """Ticks up to the first gap that a busy machine tore into the performance, if any."""
    stats = played.stats()
    if not stats["clock_jumps_s"]:
        return int(stats["ticks"])
    parts = sorted((played.folder / "take" / "parts").glob("*.jsonl"))
    lines = "".join(p.read_text() for p in parts).splitlines()
    return min(int(line[1:].split(",")[0]) for line in lines if "/clock/jump" in line)


def luma_and_sound(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean light of every frame, and the samples of the first channel."""
    with av.open(str(path)) as file:
        light = [float(f.to_ndarray(format="gray").mean()) for f in file.decode(video=0)]
    with av.open(str(path)) as file:
        sound = [f.to_ndarray()[0] for f in file.decode(audio=0)]
    return np.array(light), np.concatenate(sound)


def test_played_and_planned_are_equal_bit_for_bit(folder: Path, wav: Path, played: Playing) -> None:
    out = folder / "planned.npz"
    ticks = steady_ticks(played)
    succeed("plan", SHOW, "--audio", wav, "--ticks", ticks, "--out", out)
    same_rows(played.plan(), read_plan(out), ticks)
    opacity = played.plan()["/layer/form/opacity"]
    assert opacity[0] == pytest.approx(0.2)
    assert ticks < CLICK / RATE_HZ * 120 + 5 or opacity.max() == 1.0  # the click was heard


def test_the_replayed_take_is_equal_bit_for_bit(played: Playing) -> None:
    same_rows(played.plan(), replay(played.folder), played.stats()["ticks"])


def test_the_film_has_the_length_of_the_take(played: Playing, film: tuple[Path, list[str]]) -> None:
    frames = round(Fraction(played.stats()["ticks"], 120) * FPS)
    assert len(film[1]) == frames
    light, _ = luma_and_sound(film[0])
    assert len(light) == frames


def test_the_film_flashes_when_it_clicks_to_the_sample(
    played: Playing, film: tuple[Path, list[str]]
) -> None:
    light, sound = luma_and_sound(film[0])
    jumped = played.stats()["clock_jumps_s"] > 0
    heard = int(np.argmax(np.abs(sound) > 0.3))
    assert jumped or abs(heard - CLICK) <= 1
    onset_s = heard / RATE_HZ
    flash = int(np.argmax(np.diff(light) > 5)) + 1
    # Analysed and on a tick within 30 ms; then seen by the next frame.
    assert onset_s <= flash / FPS <= onset_s + 0.03 + 1 / FPS
    assert light[flash] > 1.5 * light[flash - 1]


def test_show_with_sound_and_take_give_the_same_frames(
    folder: Path, wav: Path, played: Playing, film: tuple[Path, list[str]]
) -> None:
    count = steady_ticks(played) * FPS // 120
    stretch = {"to_s": Fraction(count, FPS), "audio": wav}
    _, hashes = export_here(folder, SHOW, "show.mp4", **stretch)
    assert hashes == film[1][:count]
    assert len(set(hashes)) > 1


def test_a_film_may_begin_anywhere(
    folder: Path, played: Playing, film: tuple[Path, list[str]]
) -> None:
    stretch = {"from_s": Fraction(1, 2), "to_s": Fraction(7, 10)}
    out, hashes = export_here(folder, played.folder / "take", "part.mp4", **stretch)
    assert hashes == film[1][15:21]
    _, sound = luma_and_sound(out)
    if not played.stats()["clock_jumps_s"]:
        assert abs(int(np.argmax(np.abs(sound) > 0.3)) - (CLICK - RATE_HZ // 2)) <= 1


MASTER = """
[[master.effects]]
shader = "tint"
mix = {mix}
inputs = {{ gain = 0.5 }}
[[master.effects]]
shader = "trails"
mix = {mix}
"""


def test_the_masters_effects_are_in_the_film_and_cost_nothing_at_rest(tmp_path: Path) -> None:
    shutil.copytree(SHOWS, tmp_path / "shows")
    show = tmp_path / "shows" / "wash.toml"
    text = show.read_text("utf-8")
    _, plain = export_here(tmp_path, show, "plain.mp4", to_s=Fraction(1, 10))
    show.write_text(text + MASTER.format(mix=0.0), "utf-8")
    _, bypassed = export_here(tmp_path, show, "bypassed.mp4", to_s=Fraction(1, 10))
    show.write_text(text + MASTER.format(mix=1.0), "utf-8")
    _, drawn = export_here(tmp_path, show, "drawn.mp4", to_s=Fraction(1, 10))
    _, later = export_here(
        tmp_path, show, "later.mp4", from_s=Fraction(1, 20), to_s=Fraction(1, 10)
    )
    assert bypassed == plain
    assert not set(drawn) & set(plain)
    assert later == drawn[3:]  # a film that begins later remembers the same


def test_pictures_are_numbered_and_hashed_alike(
    folder: Path, played: Playing, film: tuple[Path, list[str]]
) -> None:
    _, hashes = export_here(folder, played.folder / "take", "f-%05d.png", to_s=Fraction(1, 10))
    assert hashes == film[1][:3]
    assert sorted(p.name for p in folder.glob("f-*.png")) == [f"f-0000{n}.png" for n in range(3)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_film_that_plays(tmp_path: Path, number: int) -> None:
    out, hashes = tmp_path / "long.mp4", tmp_path / "hashes.txt"
    words = ["export", SHOWS / "wash.toml", out, "--duration", "3600", "--hashes", hashes,
             "--preset", "ultrafast"]  # fmt: skip
    with subprocess.Popen([*COMMAND, *map(str, words)], stderr=subprocess.PIPE) as process:
        until(lambda: hashes.exists() and hashes.stat().st_size > 8000, "a hundred frames")
        process.send_signal(number)
        _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert b"Traceback" not in said
    with av.open(str(out)) as file:
        frames = sum(1 for _ in file.decode(video=0))
    assert frames >= 100


def test_stretches_of_a_sequence_continue_its_numbers(tmp_path: Path, wav: Path) -> None:
    show, name = SHOWS / "tiny.toml", "s-%03d.png"
    rate = {"fps": Fraction(10), "size_px": (64, 36)}
    _, whole = export_here(tmp_path, show, name, wav, to_s=Fraction(4, 10), **rate)
    pictures = [path.read_bytes() for path in sorted(tmp_path.glob("s-*.png"))]
    (tmp_path / "b").mkdir()
    stretches = [{"to_s": Fraction(2, 10)}, {"from_s": Fraction(2, 10), "to_s": Fraction(4, 10)}]
    for number, stretch in enumerate(stretches):
        job = {**stretch, **rate, "start_number": 2 * number}
        _, hashes = export_here(tmp_path / "b", show, name, wav, **job)
        assert hashes == whole[2 * number :][:2]
    names = [path.name for path in sorted((tmp_path / "b").iterdir())]
    expected = ["s-%03d.png.txt", *(f"s-00{n}.png" for n in range(4)), "s-002.wav", "s.wav"]
    assert names == sorted(expected)
    assert [path.read_bytes() for path in sorted((tmp_path / "b").glob("s-*.png"))] == pictures
    lines = (tmp_path / "b" / "s-%03d.png.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3"]
    with pytest.raises(ValueError, match="--start-number numbers pictures"):
        export_here(tmp_path, show, "s.mp4", wav, start_number=1, **stretches[0])


def test_progress_is_told_with_the_time_that_is_left() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out: Any = Terminal()
    bar = Progress(10, out)
    bar._shown = -1.0  # as if the last line were long ago
    bar.show(5)
    bar.close()
    assert "5/10 frames" in out.getvalue()
    assert "left" in out.getvalue()
    assert "10 frames in" in out.getvalue()


def test_nothing_is_left_of_a_film_that_cannot_begin(tmp_path: Path) -> None:
    show = tmp_path / "broken.toml"
    show.write_text((SHOWS / "wash.toml").read_text().replace('"plain"', '"broken"'))
    (tmp_path / "broken.fs").write_text('/*{"INPUTS": []}*/\nvoid main() { gl_FragColor = 1; }\n')
    (tmp_path / "tint.fs").write_text((SHOWS / "tint.fs").read_text())
    done = latent_cinema("export", show, tmp_path / "film.mp4", "--duration", "1")
    assert done.returncode == 78
    assert "broken.fs:2: " in done.stderr
    assert not (tmp_path / "film.mp4").exists()


def test_a_film_is_as_long_as_it_was_asked_to_be(tmp_path: Path, wav: Path) -> None:
    playback = open_playback(str(SHOWS / "tiny.toml"), wav)
    assert playback.end_s is not None
    longer = playback.end_s + 2
    job = Job(tmp_path / "x.mp4", to_s=longer)
    assert frame_count(playback, job, Fraction(10)) == round(longer * 10)  # silence follows
    assert frame_count(playback, Job(job.out), Fraction(10)) == round(playback.end_s * 10)
    take = replace(playback, is_take=True)
    with pytest.raises(ValueError, match="the take ends at"):
        frame_count(take, job, Fraction(10))


@pytest.mark.parametrize("is_on", [True, False])
def test_a_strobe_is_limited_in_a_film(tmp_path: Path, is_on: bool) -> None:
    """A shader that goes from white to black ten times a second."""
    (tmp_path / "strobe.fs").write_text(
        '/*{"ISFVSN": "2"}*/\n'
        "void main() { gl_FragColor = vec4(vec3(step(fract(TIME * 10.0), 0.5)), 1.0); }\n"
    )
    show = tmp_path / "show.toml"
    show.write_text(
        f"schema = 1\nsize_px = [96, 54]\n[master]\nflash_limiter = {str(is_on).lower()}\n"
        '[[layers]]\nid = "a"\n[layers.source]\nshader = "strobe"\n'
    )
    out = tmp_path / "a.mkv"
    job = Job(out, to_s=Fraction(2), fps=Fraction(50), crf=1, preset="ultrafast")
    render(open_playback(str(show)), job)
    with av.open(str(out)) as film:
        frames = np.array([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])
    assert (count(frames, 50).most <= 6) == is_on
