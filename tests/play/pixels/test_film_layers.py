"""Shows with films and pictures, as films: exact to the frame, at every rate and over a jump."""

from __future__ import annotations

from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from tests.generators.media.clips import make_clip, number_in, numbered

SHOW = """schema = 1
size_px = [96, 54]
[master]
flash_limiter = false  # numbered frames flash
[[layers]]
id = "clip"
file = "{file}"
"""


def written(
    folder: Path, show: str, fps: int | Fraction = 25, to_s: float = 1.0
) -> list[np.ndarray]:
    """Frames of the film of a show."""
    path = folder / "show.toml"
    path.write_text(show)
    job = Job(folder / "out" / "%05d.png", fps=Fraction(fps), to_s=Fraction(to_s))
    (folder / "out").mkdir(exist_ok=True)
    render(open_playback(str(path)), job, StringIO())
    return [np.asarray(Image.open(each)) for each in sorted((folder / "out").glob("*.png"))]


@pytest.mark.parametrize("fps", [25, 60, Fraction(30000, 1001)])
@pytest.mark.parametrize(
    ("name", "rate"), [("clip.mp4", 25), ("clip.mkv", Fraction(30000, 1001)), ("clip.mov", 24)]
)
def test_a_film_has_the_frame_of_every_moment(
    tmp_path: Path, name: str, rate: int | Fraction, fps: int | Fraction
) -> None:
    make_clip(tmp_path / name, 20, rate=rate, options={"bf": "3"})
    found = [number_in(each) for each in written(tmp_path, SHOW.format(file=name), fps, 2.0)]
    expected = [int(n / Fraction(fps) * rate) % 20 for n in range(len(found))]
    assert len(found) in (50, 60, 120)
    assert found == expected


def test_a_film_follows_its_keys_and_backwards(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", 50, options={"bf": "3"})
    keys = "[layers.film]\nspeed = -2.0\nbegin = 0.2\nend = 0.8\n"
    found = [number_in(each) for each in written(tmp_path, SHOW.format(file="clip.mp4") + keys)]
    assert found == [10 + -2 * n % 30 for n in range(25)]


def test_a_picture_is_seen_as_it_is(tmp_path: Path) -> None:
    Image.fromarray(numbered(77)).save(tmp_path / "card.png")
    found = written(tmp_path, SHOW.format(file="card.png"), to_s=0.08)
    assert len(found) == 2
    for each in found:
        np.testing.assert_allclose(each[..., :3].astype(int), numbered(77), atol=1)
