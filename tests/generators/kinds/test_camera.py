"""The camera: newest picture, mirrored, no waiting; what is missing is said and tried again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from fractions import Fraction
from io import StringIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.core.show.generator import Request
from engine.documents.show import load
from engine.generators.host.worker_host import open_worker
from engine.generators.kinds import camera
from engine.generators.kinds.camera import Config, Generator, build, spec
from engine.generators.media.recording import Recorded
from engine.generators.registry import open_spec
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback
from tests.generators.media.clips import make_clip, number_in
from tests.performing import latent_cinema, until


def ask(width: int = 64, height: int = 36, **controls: float) -> Request:
    return Request(0.0, {}, controls, size_px=(width, height))


class Watching:
    """A camera that is asked."""

    def __init__(self, config: Config) -> None:
        self.generator: Generator = build(config, "cpu")

    @property
    def capture(self) -> camera.Capture:
        assert self.generator.capture is not None
        return self.generator.capture

    def see(self, request: Request) -> np.ndarray:
        return self.generator.render(request, None)[0]

    def picture(self, request: Request) -> np.ndarray:
        """Wait for the first one."""
        self.see(request)
        until(lambda: self.capture.newest is not None, "a picture")
        return self.see(request)


@pytest.fixture
def watching() -> Iterator[list[Watching]]:
    made: list[Watching] = []
    yield made
    for each in made:
        each.capture.close()


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film: red on the left, blue on the right."""
    path = tmp_path_factory.mktemp("film") / "halves.mkv"
    rgb = np.zeros((48, 96, 3), np.uint8)
    rgb[:, :48, 0] = rgb[:, 48:, 2] = 255
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", 25)
        stream.width, stream.height, stream.pix_fmt = 96, 48, "bgr0"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(stream.encode())
    return path


def test_a_test_picture_comes_and_moves(watching: list[Watching]) -> None:
    watching.append(Watching(Config("testsrc", "lavfi")))
    first = watching[0].picture(ask())
    assert first.shape == (1, 3, 36, 64)
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1
    until(lambda: (watching[0].see(ask()) != first).any(), "another picture")


def test_before_the_first_picture_it_is_black_and_nobody_waits(watching: list[Watching]) -> None:
    watching.append(Watching(Config("testsrc", "lavfi")))
    assert watching[0].see(ask()).shape == (1, 3, 36, 64)


def test_a_mirror_and_the_middle_fill_every_size(watching: list[Watching], halves: Path) -> None:
    watching.append(Watching(Config(file=str(halves))))
    seen = watching[0].picture(ask(40, 60))  # of a wide film the middle
    assert seen[0, 2, :, :15].min() > 0.9  # mirrored: blue on the left
    assert seen[0, 0, :, 25:].min() > 0.9
    plain = watching[0].see(ask(40, 60, mirror=0.0))
    np.testing.assert_allclose(plain[..., ::-1], seen)
    close = watching[0].see(ask(96, 48, mirror=0.0, zoom=3.0))
    assert close[0, 0, :, :40].min() > 0.9


def test_a_file_goes_on_again_and_again(watching: list[Watching], halves: Path) -> None:
    watching.append(Watching(Config(file=str(halves))))
    watching[0].picture(ask())
    capture = watching[0].capture
    times: list[float] = []

    def again() -> bool:
        now = capture.newest.time
        if not times or times[-1] != now:
            times.append(now)
        return any(b < a for a, b in pairwise(times))

    until(again, "the film to begin again")
    assert capture.trouble == ""


def test_a_missing_camera_is_one_sentence_and_is_tried_again(
    watching: list[Watching], tmp_path: Path, halves: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "RETRY_S", 0.05)
    there = tmp_path / "late.mkv"
    watching.append(Watching(Config("testsrc", "lavfi")))
    generator = watching[0].generator
    generator._where = (str(there), None)
    captures = set()
    for _ in range(3):  # every request is told, and none opens the camera again

        def complains() -> bool:
            try:
                watching[0].see(ask())
            except OSError as error:
                wanted = r".*late\.mkv cannot be read: No such file.*tried again"
                return re.match(wanted, str(error)) is not None
            return False

        until(complains, "a complaint")
        captures.add(watching[0].capture)
    (capture,) = captures
    there.write_bytes(halves.read_bytes())  # somebody plugs it in
    until(lambda: not capture.trouble, "the camera")
    assert watching[0].see(ask()).max() > 0.9


def test_a_worker_shows_it_and_says_what_is_missing() -> None:
    for config, is_there in (
        (Config("testsrc", "lavfi"), True),
        (Config("/dev/video97", "v4l2"), False),
    ):
        host = open_worker(
            open_spec("camera", config), "cpu", max_size_px=(64, 36), rate_cap_hz=50.0
        )

        def found(host=host, is_there=is_there) -> bool:
            host.ask(ask(), time.monotonic())
            host.tend(time.monotonic())
            frame = host.newest()
            if is_there:
                return frame is not None and float(frame.pixels[..., :3].max()) > 0.5
            return "/dev/video97 cannot be read" in host.stats().error

        try:
            until(found, "a picture" if is_there else "a complaint")
            assert host.stats().restarts == 0
        finally:
            host.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (Config(backend="alsa"), "'alsa' is not known; allowed are: v4l2, avfoundation, dshow"),
        (Config("movie=/etc/passwd", "lavfi"), "is no test picture; there are: testsrc"),
        (Config("testsrc,movie=x", "lavfi"), "is no test picture"),
        (Config(backend="dshow"), 'write "video=NAME"'),
        (Config(file="https://example.org/x.mp4"), "there is no file https://example"),
    ],
)
def test_what_cannot_be_a_camera_is_refused(config: Config, words: str) -> None:
    with pytest.raises(ValueError, match="config") as error:
        spec(config)
    assert words in str(error.value)


SHOW = """schema = 1
size_px = [64, 36]
[[layers]]
id = "eye"
[layers.generator]
kind = "camera"
config = { device = "testsrc", backend = "lavfi" }
"""


def test_a_film_has_nothing_of_it_and_says_so(tmp_path: Path) -> None:
    path, said = tmp_path / "eye.toml", StringIO()
    path.write_text(SHOW)
    job = Job(tmp_path / "film-%05d.png", to_s=Fraction(1, 10), hashes=tmp_path / "hashes")
    assert render(open_playback(str(path)), job, said) == 6
    assert said.getvalue().startswith("layer eye: what a camera saw is not in a take")
    hashes = {line.split()[1] for line in (tmp_path / "hashes").read_text().splitlines()}
    assert len(hashes) == 1


def test_a_show_names_its_camera() -> None:
    show = load.read(SHOW, "test", lambda _: "")[0]
    assert "/layer/eye/generator/mirror" in show.registry.index
    with pytest.raises(load.ShowError, match=r"layers\[0\]\.generator: config\.device"):
        load.read(SHOW.replace("testsrc", "movie=x"), "test", lambda _: "")


def test_what_it_saw_is_recorded_and_seen_again_at_its_times(
    watching: list[Watching], tmp_path: Path
) -> None:
    """Read from what lies on the disk while it is still being written, as after a crash."""
    clip = make_clip(tmp_path / "clip.mp4", 200)
    watching.append(Watching(Config(file=str(clip), record=True)))
    watching[0].picture(ask(96, 54))
    folder = tmp_path / "take" / "cameras" / "eye"
    watching[0].generator.record(folder / "1.mkv")
    seen: list[tuple[float, int]] = []

    def recorded() -> Recorded:
        seconds = 3.0 + len(seen) / 120
        request = Request(seconds, {}, {"mirror": 0.0}, size_px=(96, 54))
        seen.append((seconds, number_in(watching[0].see(request)[0].transpose(1, 2, 0))))
        time.sleep(1 / 120)
        return Recorded(folder)

    until(lambda: recorded().last_s > 3.5, "half a second on the disk")
    again = recorded()
    generator = build(Config(recording=str(folder)), "cpu")
    assert not generator.spec.live_only
    assert recorded().at(2.9) is None
    known = [each for each in seen if each[0] < again.last_s]
    assert len({number for _, number in known}) > 5
    for seconds, number in known:
        request = Request(seconds, {}, {"mirror": 0.0}, size_px=(96, 54))
        found = generator.render(request, None)[0]
        assert number_in(found[0].transpose(1, 2, 0)) == number


def test_a_show_s_take_records_its_cameras_and_the_film_has_them(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 250)
    show = tmp_path / "eye.toml"
    config = f'config = {{ file = "{clip.as_posix()}", record = true }}\nrate_hz = 30'
    calm = "[master]\nflash_limiter = false\n[[layers]]"  # or what flashes cannot be read
    show.write_text(re.sub("config = .*", config, SHOW.replace("[[layers]]", calm)))
    take = tmp_path / "take"
    done = latent_cinema(
        "play", show, "--output", "null", "--osc", "127.0.0.1:0", "--audio", "off",
        "--take", take, "--duration", "6", is_patient=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (take / "cameras" / "eye").iterdir()] == ["1.mkv"]
    said = StringIO()
    job = Job(tmp_path / "%05d.png", fps=Fraction(10))
    render(open_playback(str(take)), job, said)
    assert "is not in a take" not in said.getvalue()
    recorded = Recorded(take / "cameras" / "eye")
    for path in sorted(tmp_path.glob("*.png")):
        seconds = int(path.stem) / 10
        frame = recorded.at(seconds)
        if frame is None:
            continue
        expected = number_in(frame.to_ndarray(format="rgb24"))
        assert number_in(np.asarray(Image.open(path))[:, ::-1]) == expected
    assert recorded.at(5.5) is not None
