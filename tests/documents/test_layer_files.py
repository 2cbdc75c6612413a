"""Layers and image inputs that name files: found beside the show, of known kinds, or refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tomlkit
from PIL import Image

from engine.core.event import Event
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.documents.show.saving.save import live_values, with_values
from engine.documents.take.collect import collect
from engine.documents.take.content_store import TakeError
from engine.documents.take.reader import open_take
from engine.documents.take.recorder import Recorder
from engine.play.film.playback import open_playback
from tests.generators.media.clips import make_clip
from tests.making import line_of, run

SHOW = """schema = 1
size_px = [96, 54]
[[layers]]
id = "clip"
file = "media/clip.mp4"
[layers.film]
speed = 0.5
"""
MASKED = """
[[layers.effects]]
shader = "mask"
images = { other = "card.png" }
"""
MASK = """/*{ "INPUTS": [{ "NAME": "inputImage", "TYPE": "image" },
  { "NAME": "other", "TYPE": "image" }] }*/
void main() { gl_FragColor = IMG_THIS_PIXEL(other); }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "media").mkdir()
    make_clip(tmp_path / "media" / "clip.mp4", 10)
    Image.new("RGBA", (8, 4), (9, 8, 7, 128)).save(tmp_path / "card.png")
    (tmp_path / "mask.fs").write_text(MASK)
    return tmp_path


def loaded(folder: Path, text: str = SHOW) -> load.Loaded:
    (folder / "show.toml").write_text(text)
    return load.load(str(folder / "show.toml"))


def test_a_film_lies_beside_its_show(folder: Path) -> None:
    found = loaded(folder)
    (layer,) = found.show.layers
    assert layer.generator is not None
    assert layer.generator.config == {"path": str(folder / "media" / "clip.mp4")}
    assert layer.aspect == pytest.approx(96 / 54)
    assert found.show.registry["/layer/clip/film/speed"].default == 0.5
    assert found.show.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("media/clip.mp4", "gone.mp4", r"layers\[0\]\.generator: gone\.mp4: .*No such file"),
        ("media/clip.mp4", "clip.doc", r"layers\[0\]\.file: 'clip\.doc' is neither a picture"),
        ("media/clip.mp4", "card.png", r"layers\[0\]\.film: .*card\.png is a picture"),
        (
            "[layers.film]\nspeed = 0.5",
            '[layers.source]\nshader = "mask"',
            "it has file and source",
        ),
        ('file = "media/clip.mp4"', "", "film: only a layer with the file of a film has this"),
        ("speed = 0.5", "speed = 99.0", "speed takes a number from -8 to 8, not 99"),
        ("speed = 0.5", "fast = 1", "unknown key 'fast'; allowed are: position, speed"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ShowError, match=words):
        loaded(folder, SHOW.replace(old, new))


def test_an_image_input_names_a_picture_s_file(folder: Path) -> None:
    found = loaded(folder, SHOW + MASKED).show
    assert list(found.files) == ["card.png"]
    np.testing.assert_array_equal(found.pictures["file:card.png"][3, 7], (9, 8, 7, 128))
    for wanted, words in (
        ("media/clip.mp4", "is a film: give it a layer"),
        ("gone.png", "gone.png: cannot be read"),
        ("../card.png", "leads out of the folder"),
        ("mask.fs", "file:NAME of a picture"),
    ):
        with pytest.raises(ShowError, match=words):
            loaded(folder, SHOW + MASKED.replace("card.png", wanted))


def test_a_copy_of_the_show_keeps_the_film_s_values(folder: Path) -> None:
    found = loaded(folder)
    state = run(found.show, 3, [(1, "/layer/clip/film/beats", 8.0)])
    text = with_values(found.text, found.show, live_values(found.show, state), -1)
    assert tomlkit.parse(text)["layers"][0]["film"] == {"speed": 0.5, "beats": 8.0}


def test_a_take_knows_its_film_by_content(folder: Path) -> None:
    found = loaded(folder, SHOW + MASKED)
    take = folder / "takes" / "take"
    recorder = Recorder(take, found.show, found.text, header={})
    line = line_of(found.show)
    line.on_tick = recorder.tick
    moved = Event(30, "/layer/clip/film/speed", -1.0, "test", 0)
    line.control(Fraction(1), lambda tick: (moved,) if tick == 30 else ())
    recorder.close()
    (take / "cameras" / "eye").mkdir(parents=True)
    (take / "cameras" / "eye" / "1.mkv").write_bytes(b"seen")
    collect(take, folder / "moved")
    assert (folder / "moved" / "cameras" / "eye" / "1.mkv").read_bytes() == b"seen"
    assert len(list((folder / "moved" / "models").glob("*/clip.mp4"))) == 1
    (folder / "card.png").unlink()
    renamed = take.parent / "renamed.mp4"  # beside the take it is found by its content
    (folder / "media" / "clip.mp4").rename(renamed)
    again = open_playback(str(take)).line_at(Fraction(1))
    again.control(Fraction(1), lambda _: ())
    assert again.state.reels == line.state.reels != first_state(found.show).reels
    renamed.write_bytes(b"another")
    with pytest.raises(TakeError, match=r"layer clip was played with the model .*clip\.mp4"):
        open_playback(str(take))
    assert open_take(take).header["models"][0]["kind"] == "film"
