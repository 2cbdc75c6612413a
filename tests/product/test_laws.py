"""The promises: a take is the film, whatever live did; time is even; a latent space is geometry.

Smoothing alone is held in `core/test_curves.py`, the motions alone in `core/motions`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.event import Event
from engine.core.frame.plan import Plan
from engine.documents.take import reader, recorder
from engine.documents.take.recorder import Recorder
from engine.play import pacer
from engine.play.event_queue import EventQueue
from engine.play.film.plan import write_plan
from engine.play.film.playback import open_playback
from engine.play.pacer import Pacer
from engine.play.plan_file import PlanWriter
from engine.sources.contract import Origin
from tests.making import film, frames_at, latent, line_of, read_show

AMOUNT = "/layer/form/effect/glow/amount"
Z = "/layer/form/generator/z"
Rows = Mapping[str, NDArray]

PLAYED = """
signals = ["hand"]
start = "one"
[autopilot]
on = true
rest_s = 0.3
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
config = { latent_size = 32 }
[layers.path]
speed = 0.7
[layers.path_b]
motion = "orbit"
[[layers.effects]]
id = "glow"
shader = "glow"
[[lfos]]
id = "o"
rate_hz = 0.7
wave = "noise"
[[routes]]
signal = "hand"
target = "/layer/form/path/radius"
depth = -0.5
attack_s = 0.02
release_s = 0.3
[[routes]]
id = "o"
signal = "lfo/o"
target = "/layer/form/effect/glow/amount"
depth = 0.3
[[routes]]
signal = "hand"
target = "/layer/form/path/throw"
depth = 1.0
one_euro = {}
[[modulators]]
id = "sum"
kind = "expression"
expression = "mod/env * 0.4 + mod/walk * (0.2 + /macro/wet) + 0.1 * sin(beat * time)"
[[modulators]]
id = "env"
kind = "adsr"
gate = "/master/jump"
[[modulators]]
id = "walk"
kind = "brownian"
rate_hz = 2.0
[[macros]]
id = "wet"
targets = [{ target = "/layer/form/path_b/radius", range = [1.0, 0.5], mode = "multiply" }]
[[routes]]
signal = "mod/sum"
target = "/macro/wet"
depth = 1.0
[[cues]]
id = "one"
set = { "/layer/form/path/offset" = 1.5, "/macro/wet" = 0.3 }
time_s = 0.7
after_s = 0.8
next = "two"
[[cues]]
id = "two"
set = { "/layer/form/path/offset" = -1.0, "/layer/form/path/motion" = "keys" }
time_s = 0.4
quantise_beats = 1.0
after_s = 0.5
next = "one"
"""
EDITED = (
    PLAYED.replace('wave = "noise"', 'wave = "sine"')
    + """
[[layers]]
id = "more"
[layers.generator]
kind = "cppn"
size_px = 64
config = { latent_size = 32 }
"""
)
HEAD = 'schema = 1\ncontrol_hz = "120"\n'
SHOW, SHOW_B = read_show(PLAYED), read_show(EDITED)


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recorder, "PART_S", 1)
    monkeypatch.setattr(reader, "PART_S", 1)
    monkeypatch.setattr(recorder, "LEAST_FREE_BYTES", 0)
    yield
    for cached in (reader.read_part, reader.read_pcm, reader.read_places, reader.read_show):
        cached.cache_clear()


# 1. A take is the film


addresses = st.sampled_from([
    AMOUNT, "/signal/hand", "/master/jump", "/layer/form/path/jump", "/transport/tap",
    "/master/steer_x", "/layer/form/path/speed", "/master/freeze", "/master/speed",
    "/layer/form/path/motion", "/cue/one/go", "/cue/two/go", "/transport/resync", "/x/unknown",
    "/route/o/depth", "/layer/more/opacity", "/transport/bpm", "/layer/form/path/throw",
    "/macro/wet", "/mod/env/attack_s", "/mod/walk/rate_hz",
])  # fmt: skip
numbers = st.one_of(st.floats(-5, 5), st.booleans(), st.integers(-3, 300))
arrivals = st.tuples(st.integers(0, 2_500_000_000), st.sampled_from(["osc", "window", "sound"]),
                     addresses, numbers)  # fmt: skip
# what a frame costs, in ms: mostly little, sometimes a stall, sometimes a suspended machine
costs = st.one_of(st.integers(1, 15), st.integers(1, 15), st.integers(16, 400),
                  st.sampled_from([1100, 5000]))  # fmt: skip


class Clock:
    """Monotonic time that only the test moves."""

    def __init__(self) -> None:
        self.ns = 10**9

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


def perform(folder: Path, fps: Fraction, spent_ms, arrived, reloads) -> None:
    """Play live with a fake clock, as `live.py` does; leave a take and a plan file."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacer, "now_ns", lambda: clock.ns)
        patch.setattr(pacer.time, "sleep", clock.sleep)
        rec = Recorder(folder / "t", SHOW, HEAD + PLAYED, header={})
        plan = PlanWriter(folder / "live.npz", SHOW)
        line, queue = line_of(SHOW), EventQueue()
        line.on_tick = lambda *row: (rec.tick(*row), plan.tick(*row))
        beat, left = Pacer(fps), sorted(arrived)
        for frame, ms in enumerate(spent_ms):
            due = beat.wait()
            tick = line.state.tick
            if due.jump_s:
                queue.jump(round(due.jump_s * 120))
                queue.add(tick + 1, "/clock/jump", float(due.jump_s), "clock")
            since = clock.ns - 10**9
            now, left = [a for a in left if a[0] <= since], [a for a in left if a[0] > since]
            for ns, source, address, value in now:
                item = (ns + 10**9, address, value)
                queue.take(line.show, tick, Origin(source), [item], beat.show_seconds)
            if frame in reloads:
                text, show = [(PLAYED, SHOW), (EDITED, SHOW_B)][reloads[frame]]
                name = rec.add_show(HEAD + text, show)
                line.shows = {**line.shows, name: show}
                queue.add(tick + 1, "/show/load", name, "host")
            seconds = Fraction(due.index) / fps
            line.control(seconds, queue.events_of)
            line.plan(seconds)
            clock.ns += ms * 1_000_000
        plan.close()
        rec.close()
    assert rec.error == ""


def rows(path: Path) -> Rows:
    with np.load(path) as found:
        return dict(found)


def equal(a: Rows, b: Rows, skip: int = 0) -> bool:
    """Whether b holds the rows of a from `skip` on, bit for bit."""
    return all(a[key][skip:].tobytes() == b[key].tobytes() for key in a)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinks slowly
@given(
    st.sampled_from([Fraction(24), Fraction(60000, 1001), Fraction(60), Fraction(144)]),
    st.lists(costs, min_size=5, max_size=60),
    st.lists(arrivals, max_size=40),
    st.dictionaries(st.integers(1, 50), st.integers(0, 1), max_size=3),
)
def test_a_take_replays_to_the_bit_whatever_live_did(fps, spent_ms, arrived, reloads) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        perform(folder, fps, spent_ms, arrived, reloads)
        live = rows(folder / "live.npz")
        playback = open_playback(str(folder / "t"))
        count = write_plan(playback, folder / "film.npz")
        assert count == len(live["tick"])
        assert live.keys() == rows(folder / "film.npz").keys()
        assert equal(live, rows(folder / "film.npz"))
        for part in reader.open_take(folder / "t").parts[1:]:
            _assert_same_from(folder, part, live)


def _assert_same_from(folder: Path, part: int, live: Rows) -> None:
    """A film that begins at a snapshot is the same film."""
    playback = open_playback(str(folder / "t"))
    write_plan(playback, folder / "late.npz", start=Fraction(part, 120))
    late = rows(folder / "late.npz")
    known = [key for key in late if key in live and not np.isnan(live[key][part:]).any()]
    assert {"tick", "seconds", AMOUNT, Z} <= set(known)
    assert equal({key: live[key] for key in known}, late, skip=part)


def test_the_performances_of_this_test_are_eventful(tmp_path: Path) -> None:
    """The law above would be idle if nothing happened."""
    arrived = [(n * 10**7, "osc", "/signal/hand", (n % 7) / 7) for n in range(100)]
    arrived += [(10**8, "osc", "/master/jump", True), (5 * 10**8, "window", AMOUNT, 0.9)]
    perform(tmp_path, Fraction(60), [10] * 20 + [300, 1500] + [10] * 60, arrived, {9: 1, 40: 0})
    live = rows(tmp_path / "live.npz")
    found = reader.open_take(tmp_path / "t")
    events = [e for tick in range(found.last_tick + 1) for e in found.events_of(tick)]
    assert {e.address for e in events} >= {
        "/signal/hand", "/master/jump", AMOUNT, "/clock/jump", "/show/load",
    }  # fmt: skip
    assert len(np.unique(live["/layer/form/path/radius"])) > 50
    assert len(np.unique(live[Z], axis=0)) == len(live[Z])
    write_plan(open_playback(str(tmp_path / "t")), tmp_path / "film.npz")
    other = rows(tmp_path / "film.npz")
    assert equal(live, other)
    other[AMOUNT] = other[AMOUNT].copy()
    other[AMOUNT][3] = np.nextafter(other[AMOUNT][3], 1.0)
    assert not equal(live, other)


# 2. One take, every frame rate


@pytest.mark.parametrize("control_hz", ["120", "100", "59.94"])
def test_frame_rates_agree_to_the_bit_where_their_frames_meet(control_hz: str) -> None:
    show = read_show(PLAYED, control_hz)
    events = busy()
    found: dict[int, dict[Fraction, Plan]] = {}
    for fps in (24, 60, 120):
        times = frames_at(fps, 2.0)
        found[fps] = dict(zip(times, film(show, times, events)[1], strict=True))
    assert len(found[24].keys() & found[60].keys()) == 25
    assert found[60].keys() <= found[120].keys()
    for a, b in ((24, 60), (24, 120), (60, 120)):
        for seconds in found[a].keys() & found[b].keys():
            one, two = found[a][seconds], found[b][seconds]
            assert one.values.tobytes() == two.values.tobytes()
            for port in ("z", "z_b"):
                assert latent(one, port=port).tobytes() == latent(two, port=port).tobytes()


def busy() -> dict[int, Sequence[Event]]:
    """A little of everything in the first two seconds."""
    listed = [(t, "/signal/hand", (t % 31) / 31) for t in range(0, 240, 9)]
    listed += [(50, "/master/jump", True), (61, AMOUNT, 0.2), (100, "/master/freeze", 1),
               (131, "/master/freeze", 0), (150, "/layer/form/effect/glow/flash", 1),
               (170, "/cue/two/go", 1)]  # fmt: skip
    found: dict[int, list[Event]] = {}
    for number, (tick, address, value) in enumerate(listed):
        found.setdefault(tick, []).append(Event(tick, address, value, "t", number))
    return found


def test_a_take_gives_the_same_plan_at_every_rate(tmp_path: Path) -> None:
    arrived = [(n * 2 * 10**7, "osc", "/signal/hand", (n % 7) / 7) for n in range(50)]
    perform(tmp_path, Fraction(60), [9] * 90, arrived, {})
    found = {}
    for fps in (24, 60, 120):
        playback = open_playback(str(tmp_path / "t"))
        write_plan(playback, tmp_path / "p.npz", fps=Fraction(fps), frames=fps)
        found[fps] = rows(tmp_path / "p.npz")
    for fps in (24, 60):
        shared, mine, fine = np.intersect1d(
            found[fps]["seconds"], found[120]["seconds"], return_indices=True
        )
        assert len(shared) >= 12
        for key in found[fps]:
            assert found[fps][key][mine].tobytes() == found[120][key][fine].tobytes()


# 3. No judder


@pytest.mark.parametrize("fps", [24, 48, 50, 75, 144])
@pytest.mark.parametrize("control_hz", ["120", "100"])
def test_constant_speed_is_even_at_every_frame_rate(fps: int, control_hz: str) -> None:
    show = read_show(PLAYED.replace('[layers.path]\n', '[layers.path]\nmotion = "orbit"\n')
                     .replace("[[routes]]", "[[x]]").split("[[lfos]]")[0]
                     .replace('start = "one"\n', ""), control_hz)  # fmt: skip
    z = np.array([latent(p) for p in film(show, frames_at(fps, 3.0))[1]], np.float64)
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    steps = steps[1:]  # the show starts to move at tick 0
    assert steps.mean() > 0
    assert steps.std() / steps.mean() <= 0.01


# 4. Histories step at their own rate


def seen(steps: Sequence[Plan]) -> list[tuple]:
    return [
        (
            p.seconds, p.tick, p.values.tobytes(), latent(p).tobytes(),
            [(e.key, e.step, e.seconds, e.uniforms) for x in p.layers for e in x.effects],
        )
        for p in steps
    ]  # fmt: skip


def test_picture_steps_are_the_same_at_every_frame_rate() -> None:
    sixty = seen(film(SHOW, frames_at(60, 2.0), busy())[0])
    numbers = [step[4][0][1] for step in sixty]
    assert numbers == list(range(len(numbers)))
    assert any(e[3]["flash"] for step in sixty for e in step[4])
    for fps in (24, 25, 50, 120, 144, Fraction(60000, 1001)):
        other = seen(film(SHOW, [*frames_at(fps, 2.0), Fraction(2)], busy())[0])
        assert other == sixty


@settings(max_examples=25)
@given(st.lists(st.fractions(0, 1, max_denominator=1000), max_size=20))
def test_skipped_frames_leave_no_step_out(times: list[Fraction]) -> None:
    whole = film(SHOW, frames_at(24, 1.0), busy())[0]
    some = film(SHOW, [Fraction(0), *sorted(times), Fraction(1)], busy())[0]
    assert seen(some) == seen(whole)


@pytest.mark.parametrize("fps", [24, 60, 144])
def test_frozen_stretches_have_no_steps(fps: int) -> None:
    show = read_show(PLAYED.replace("on = true", "on = false"))  # a cue may move what it likes
    steps, plans = film(show, frames_at(fps, 2.0), busy())
    frozen, going_on = 100 / 120, 131 / 120
    assert not [p for p in steps if frozen <= p.seconds < going_on]
    assert len(steps) == int((2.0 - 31 / 120) * 60) + 1
    held = [p for p in plans if frozen <= p.seconds < going_on]
    assert len({latent(p).tobytes() for p in held}) == 1
    assert len({e.step for p in held for x in p.layers for e in x.effects}) == 1


@pytest.mark.parametrize(("picture_hz", "count"), [("30", 61), ("50", 101), ("240", 481)])
def test_a_show_declares_the_rate_of_its_histories(picture_hz: str, count: int) -> None:
    show = read_show(f'picture_hz = "{picture_hz}"\n')
    for fps in (24, 60):
        assert len(film(show, frames_at(fps, 2.0))[0]) == count


# 6. and 7. Motions through a show


def motion(words: str, fps: int, seconds: float, size: int = 128) -> NDArray[np.float64]:
    show = read_show(f"""
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
config = {{ latent_size = {size} }}
[layers.path]
{words}
""")
    return np.array([latent(p) for p in film(show, frames_at(fps, seconds))[1]], np.float64)


def test_a_walk_of_a_show_has_no_corners() -> None:
    z = motion("speed = 0.5", 60, 8.0, 512)
    v = np.diff(z, axis=0)[2:]
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    turns = np.degrees(np.arccos(np.clip((v[1:] * v[:-1]).sum(axis=1), -1, 1)))
    assert turns.max() <= 6.0
    norms = np.linalg.norm(z, axis=1)
    assert np.abs((norms - 22.6164) / 0.7071).max() <= 3.0


def test_keys_of_a_show_are_met_and_the_loop_closes() -> None:
    z = motion('motion = "keys"\nseeds = [1, 2, 3, 4]\nspeed = 0.5', 60, 8.0)
    radius = np.linalg.norm(z, axis=1)
    assert np.ptp(radius) / radius.mean() < 1e-6  # float32
    for number, seed in enumerate((1, 2, 3, 4)):
        key = np.random.RandomState(seed).randn(128)
        assert np.linalg.norm(z[number * 120] / radius[0] - key / np.linalg.norm(key)) < 1e-6
    assert np.allclose(z[480], z[0], atol=1e-4)


def test_a_seed_is_that_of_other_tools() -> None:
    z = motion('motion = "still"\nseed = 42', 60, 0.5, 64)
    assert z[0, 0] == pytest.approx(0.49671415, abs=1e-7)
    assert np.array_equal(z[0].astype(np.float32), np.float32(np.random.RandomState(42).randn(64)))
    assert len(np.unique(z, axis=0)) == 1


def test_two_seeds_of_a_show_are_two_shows() -> None:
    one, two = read_show(PLAYED), read_show(f"seed = 2\n{PLAYED}")
    a, b = (film(show, [Fraction(1, 4)])[1][0] for show in (one, two))
    assert not np.allclose(latent(a), latent(b))


# 8. Films

WAKE = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "half_life", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.01, "MAX": 5}],
 "PASSES": [{"TARGET": "wake", "PERSISTENT": true, "FLOAT": true}, {}]}*/
void main() {
    vec2 at = isf_FragNormCoord;
    if (PASSINDEX == 0) {
        vec2 place = vec2(0.5 + 0.35 * sin(TIME * 3.0), 0.5 + 0.3 * cos(TIME * 2.3));
        vec2 away = (at - place) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        float light = exp(-dot(away, away) * 40.0);
        vec4 old = IMG_NORM_PIXEL(wake, at - vec2(0.05, 0.02) * TIMEDELTA);
        gl_FragColor = max(vec4(light, 0.6 * light, 0.3, 1.0), old * exp2(-TIMEDELTA / half_life));
    } else {
        gl_FragColor = vec4(IMG_NORM_PIXEL(wake, at).rgb, 1.0);
    }
}
"""
FILMED = """schema = 1
size_px = [160, 90]
history_s = {history_s}
master = {{ flash_limiter = false }}
[output]
fps = 24
[[layers]]
id = "form"
opacity = {form}
[layers.generator]
kind = "cppn"
size_px = 64
film_px = 64
[[layers]]
id = "wake"
blend = "screen"
[layers.source]
shader = "wake"
"""
SMALL = (160, 90)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


def shoot(
    studio: Path,
    fps: int,
    first_s: float,
    last_s: float,
    size_px: tuple[int, int] = SMALL,
    form: float = 0.0,
    history_s: float = 3.0,
) -> tuple[NDArray[np.uint8], list[str]]:
    """Render a stretch as a film; return its frames (n, H, W, 3) and their hashes."""
    from PIL import Image

    from engine.play.film.export import Job, render

    (studio / "wake.fs").write_text(WAKE)
    show = studio / "show.toml"
    show.write_text(FILMED.format(form=form, history_s=history_s))
    folder = Path(tempfile.mkdtemp(dir=studio))
    job = Job(
        out=folder / "f-%05d.png", size_px=size_px, fps=Fraction(fps), from_s=Fraction(first_s),
        to_s=Fraction(last_s), hashes=folder / "hashes", device="cpu",
    )  # fmt: skip
    assert render(open_playback(str(show)), job) == round((last_s - first_s) * fps)
    frames = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob("*.png"))]
    return np.array(frames), (folder / "hashes").read_text().split()[1::2]


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    """Largest difference of a channel, in 255ths."""
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_two_films_of_one_show_have_the_same_frames(studio: Path) -> None:
    one, two = (shoot(studio, 24, 0.0, 0.5, form=1.0)[1] for _ in range(2))
    assert one == two
    assert len(set(one)) == 12


@pytest.fixture(scope="module")
def sixty(studio: Path) -> NDArray[np.uint8]:
    return shoot(studio, 60, 0.0, 1.0)[0]


def test_trails_agree_at_24_and_60_frames_per_second(studio: Path, sixty) -> None:
    slow = shoot(studio, 24, 0.0, 1.0)[0]
    assert distance(slow[12], slow[13]) > 20  # it moves
    for n in range(0, 24, 2):  # n / 24 s is frame 5 n / 2 at 60; both dither by the picture step
        assert distance(slow[n], sixty[5 * n // 2]) == 0


def test_trails_agree_at_two_sizes(studio: Path, sixty) -> None:
    """Histories live in normalised coordinates: 3 times the size differs by at most 4/255.

    What is left is the bilinear reading of the history, which blurs a small one more.
    """
    large = shoot(studio, 24, 0.9, 1.0, size_px=(480, 270))[0]
    small = shoot(studio, 24, 0.9, 1.0)[0]
    shrunk = large.reshape(len(large), 90, 3, 160, 3, 3).mean(axis=(2, 4))
    assert small.max() > 200
    assert distance(np.rint(shrunk), small) <= 4


def test_a_film_that_begins_late_has_the_right_history(studio: Path, sixty) -> None:
    late = shoot(studio, 60, 0.75, 1.0)[0]
    assert distance(late, sixty[45:]) <= 2
    forgetful = shoot(studio, 60, 0.75, 0.8, history_s=0.0)[0]
    assert distance(forgetful[0], sixty[45]) > 20  # what the pre-roll is for
