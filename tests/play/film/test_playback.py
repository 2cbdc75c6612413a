"""What shaders see of the world, sound and date, is the same live, in takes and in films."""

from __future__ import annotations

import json
import wave
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.core.frame.sample import sample
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from tests.performing import play

FPS = 30
SHADER = """/*{"INPUTS": [{"NAME": "wave", "TYPE": "audio"},
{"NAME": "fft", "TYPE": "audioFFT", "MAX": 32}],
"PASSES": [{"TARGET": "past", "PERSISTENT": true}, {}]}*/
void main() {
    vec2 p = isf_FragNormCoord;
    if (PASSINDEX == 1) { gl_FragColor = IMG_THIS_PIXEL(past); return; }
    vec4 now = vec4(IMG_NORM_PIXEL(wave, p).r, IMG_NORM_PIXEL(fft, p).r, 0.0, 1.0);
    gl_FragColor = mix(IMG_THIS_PIXEL(past), now, 0.5);
}
"""
DATED = """/*{}*/
void main() { gl_FragColor = vec4(DATE.x / 4000.0, DATE.y / 12.0, DATE.z / 31.0, 1.0); }
"""


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Two seconds of noise that grows, at a rate that is no whole number of samples a tick."""
    rng, count = np.random.default_rng(2), 2 * 44_100
    pcm = rng.normal(0, 1, (count, 2)) * np.linspace(0, 0.3, count)[:, None]
    with wave.open(str(tmp_path / "noise.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
    return tmp_path / "noise.wav"


def show_of(folder: Path, shader: str) -> Path:
    (folder / "own.fs").write_text(shader)
    path = folder / "show.toml"
    path.write_text(
        f'schema = 1\nname = "own"\nsize_px = [64, 36]\n[output]\nfps = {FPS}\n'
        '[[layers]]\nid = "a"\n[layers.source]\nshader = "own"\n'
    )
    return path


def hashes_of(source: Path, out: Path, to_s: Fraction, audio: Path | None = None) -> list[str]:
    hashes = out.with_suffix(".txt")
    job = Job(out, hashes=hashes, preset="ultrafast", to_s=to_s)
    render(open_playback(str(source), audio), job)
    return [line.split()[1] for line in hashes.read_text().splitlines()]


def test_a_film_of_a_take_sees_the_sound_that_was_played(tmp_path: Path, wav: Path) -> None:
    show = show_of(tmp_path, SHADER)
    with play(tmp_path / "played", show, "--audio", wav, "--duration", 1.25) as playing:
        stats = playing.stats()
    to_s = Fraction(stats["ticks"] // 4, FPS)
    if stats["clock_jumps_s"] or stats["steps_dropped"]:
        pytest.skip("the machine tore a gap into the performance")
    (tmp_path / "own.fs").unlink()
    taken = hashes_of(tmp_path / "played" / "take", tmp_path / "take.mp4", to_s)
    show_of(tmp_path, SHADER)
    assert taken == hashes_of(show, tmp_path / "show.mp4", to_s, wav)
    assert len(set(taken)) > len(taken) // 2  # it moves


def test_a_film_of_a_take_has_the_date_of_the_performance(tmp_path: Path) -> None:
    show = show_of(tmp_path, DATED)
    with play(tmp_path / "played", show, "--duration", 0.5) as playing:
        playing.stats()
    take = open_playback(str(tmp_path / "played" / "take"))
    line = take.line_at(Fraction(1, 4))
    line.control(Fraction(1, 4), take.events_of)
    item = sample(line.show, line.state, 0.25).layers[0].source
    assert item is not None
    assert item.date is not None
    year, month, day, second = item.date
    found = datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp() + second
    parts = sorted((tmp_path / "played" / "take" / "parts").glob("*.jsonl"))
    said = [json.loads(row) for row in parts[0].read_text().splitlines() if "/date/" in row]
    assert [row[1] for row in said[:2]] == ["/signal/date/day", "/signal/date/s"]
    now = datetime.now().astimezone()
    local = now.timestamp() + (now.utcoffset() or (now - now)).total_seconds()
    assert 0.0 <= local - found < 86_400.0


def test_a_film_of_a_show_has_no_date(tmp_path: Path) -> None:
    playback = open_playback(str(show_of(tmp_path, DATED)))
    line = playback.line_at(Fraction(0))
    line.control(Fraction(1), playback.events_of)
    item = sample(line.show, line.state, 1.0).layers[0].source
    assert item is not None
    assert item.date is None


def test_each_picture_that_was_shown_is_in_the_film_of_the_take(tmp_path: Path, wav: Path) -> None:
    show = show_of(tmp_path, SHADER)
    shown = tmp_path / "shown-%05d.png"
    words = ("--audio", wav, "--duration", 1.0, "--output", shown)
    with play(tmp_path / "played", show, *words) as playing:
        playing.stats()
    job = Job(tmp_path / "film-%05d.png")
    render(open_playback(str(tmp_path / "played" / "take")), job)
    pairs = [
        (path, path.with_name(path.name.replace("shown", "film")))
        for path in sorted(tmp_path.glob("shown-*.png"))
    ]
    alike = [a.read_bytes() == b.read_bytes() for a, b in pairs if b.exists()]
    assert len(alike) > 1
    assert all(alike)
    assert len({path.read_bytes() for path, _ in pairs}) > 1
