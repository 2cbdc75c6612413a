"""Films and pictures in shows: in a film exact to the frame, live what is due, once each."""

from __future__ import annotations

from fractions import Fraction
from io import StringIO
from itertools import pairwise
from pathlib import Path

import moderngl
import numpy as np
import pytest
from PIL import Image

from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.documents.show import load
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.live import LivePixels
from tests.generators.media.clips import make_clip, number_in, numbered
from tests.making import run
from tests.performing import until

# The bars of numbered frames flash: what is to be read from them must not be softened.
SHOW = """schema = 1
size_px = [96, 54]
master = {{ flash_limiter = false }}
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


def test_a_picture_is_seen_as_it_is_and_upright(tmp_path: Path) -> None:
    card = numbered(77)
    card[:10] = (200, 30, 90)
    Image.fromarray(card).save(tmp_path / "card.png")
    found = written(tmp_path, SHOW.format(file="card.png"), to_s=0.08)
    assert len(found) == 2
    for each in found:
        np.testing.assert_allclose(each[..., :3].astype(int), card, atol=1)


def test_a_film_is_upright_and_of_the_right_colours(tmp_path: Path) -> None:
    card = np.full((54, 96, 3), (60, 120, 200), np.uint8)
    card[:20] = (200, 30, 90)
    make_clip(tmp_path / "clip.mp4", 3, frame=lambda _: card, options={"crf": "4"})
    (found,) = written(tmp_path, SHOW.format(file="clip.mp4"), to_s=0.04)
    for row, colour in ((8, (200, 30, 90)), (40, (60, 120, 200))):
        np.testing.assert_allclose(found[row, 50, :3].astype(int), colour, atol=4)


class Stage:
    """Live pixels of a show, display frame by display frame: each waits for the worker's answer."""

    def __init__(self, ctx: moderngl.Context, show: Show) -> None:
        self.bridge = Bridge(ctx)
        self.pixels = LivePixels(self.bridge, "cpu")
        self.show, self.state, self.tick = show, run(show, 0), 0

    def frame(self) -> dict[str, int]:
        """Numbers that the layers show at the next display frame, of those that have a picture."""
        self.tick += 2
        self.state = run(self.show, self.tick, state=self.state)
        seconds = self.tick / 120
        plan = sample(self.show, self.state, seconds)
        before = {name: stats.frames for name, stats in self.pixels.host_stats().items()}
        self.pixels.ask(self.show, self.state, plan, seconds)
        for name, count in before.items():
            host = self.pixels.host(name)
            if host is not None and host.spec.runs == "light" and count:
                until(lambda host=host, count=count: host.stats().frames > count, "an answer")
        found = self.pixels.of(plan, plan.requests)
        return {
            name: number_in(np.frombuffer(t.read(), np.uint8).reshape(t.height, t.width, 4))
            for name, t in ((n, p.newer if p.weight >= 0.5 else p.older) for n, p in found.items())
        }


def test_live_each_frame_is_seen_when_it_is_due_also_over_the_end(
    tmp_path: Path, ctx: moderngl.Context
) -> None:
    make_clip(tmp_path / "clip.mp4", 30, options={"bf": "3"})
    Image.fromarray(numbered(77)).save(tmp_path / "card.png")
    text = SHOW.format(file="clip.mp4") + '[[layers]]\nid = "card"\nfile = "card.png"\n'
    (tmp_path / "show.toml").write_text(text)
    stage = Stage(ctx, load.load(str(tmp_path / "show.toml")).show)
    try:
        until(lambda: set(stage.frame()) == {"clip", "card"}, "both pictures")
        for _ in range(20):  # the look-ahead is learned
            stage.frame()
        seen: list[int] = []
        for _ in range(150):
            found = stage.frame()
            due = int(stage.tick / 120 * 25)
            assert (found["clip"] - due + 15) % 30 - 15 in (-1, 0, 1)
            assert found["card"] == 77
            seen.append(found["clip"])
        steps = {(after - before) % 30 for before, after in pairwise(seen)}
        assert steps == {0, 1}  # none is left out, none comes twice
        assert stage.bridge._uploads < 150  # a frame that stays is not sent again
    finally:
        stage.pixels.close()
        stage.bridge.close()
