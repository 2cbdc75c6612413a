"""The bridge: frames become textures, and the crossfade between them never jumps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import moderngl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.show.generator import Request
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.messages import Frame
from engine.generators.registry import open_spec
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.crossfade import Fade, TimedFrame, advance_fade, begin_fade, weigh
from engine.play.pixels.cuda_sharing import probe
from tests.stand_ins.slow_generator import Config


@pytest.fixture
def bridge(ctx: moderngl.Context) -> Iterator[Bridge]:
    made = Bridge(ctx)
    yield made
    made.close()


def frame(seconds: float, level: float = 0.5, size_px: tuple[int, int] = (5, 3)) -> Frame:
    width, height = size_px
    pixels = np.full((height, width, 4), level, np.float16)
    return Frame(seconds, 1, pixels, {})


def level(texture: moderngl.Texture) -> float:
    return float(np.frombuffer(texture.read(), np.float16)[0])


# The crossfade as a function of time: each frame's "picture" is its own stamp.


def seen(fade: Fade, seconds: float) -> float:
    weight = weigh(fade, seconds)
    assert 0 <= weight <= 1
    return (1 - weight) * fade.older.seconds + weight * fade.newer.seconds


gaps = st.lists(st.floats(0.005, 0.9), min_size=3, max_size=30)
shares = st.lists(st.floats(0, 0.999), min_size=31, max_size=31)
steps = st.lists(st.floats(0.001, 0.05), min_size=20, max_size=300)


def show(
    stamps: list[float], arrivals: list[float], steps: list[float]
) -> Iterator[tuple[float, float]]:
    """Display times and what is seen at them."""
    fade, taken, seconds = None, 0, arrivals[0]
    for step in steps:
        seconds += step
        while taken < len(stamps) and arrivals[taken] <= seconds:
            timed = TimedFrame(None, stamps[taken])
            fade = begin_fade(timed) if fade is None else replace(fade, pending=timed)
            taken += 1
        if fade is not None:
            fade = advance_fade(fade, seconds)
            yield seconds, seen(fade, seconds)


@given(gaps=gaps, shares=shares, steps=steps)
def test_frames_in_time_show_exactly_the_display_time(
    gaps: list[float], shares: list[float], steps: list[float]
) -> None:
    stamps = np.cumsum([1.0, *gaps]).tolist()
    # Each comes somewhere within the time in which the one before it is still ahead.
    arrivals = [0.9, *(s - g * (1 - share) - 1e-6 for s, g, share in
                       zip(stamps[:-1], [0.1, *gaps], shares, strict=False))]  # fmt: skip
    arrivals = np.maximum.accumulate(arrivals).tolist()
    assert all(a < s for a, s in zip(arrivals[1:], stamps, strict=False))
    for seconds, value in show(stamps, arrivals, steps):
        if stamps[0] <= seconds <= stamps[-2]:
            assert value == pytest.approx(seconds, abs=1e-9)


@given(gaps=gaps, shares=shares, steps=steps, late=st.floats(0, 3))
def test_the_picture_never_jumps_however_late_frames_come(
    gaps: list[float], shares: list[float], steps: list[float], late: float
) -> None:
    stamps = np.cumsum([1.0, *gaps]).tolist()
    arrivals = [s + late * share - 0.5 for s, share in zip(stamps, shares, strict=False)]
    arrivals = np.maximum.accumulate(arrivals).tolist()
    fastest = 2.0 * max(1.0, 2.0 * max(gaps) * len(gaps))  # several frames replaced: a longer gap
    if late < min(gaps):
        fastest = 2.0
    shown = list(show(stamps, arrivals, steps))
    for (t0, v0), (t1, v1) in pairwise(shown):
        assert v0 - 1e-9 <= v1 <= v0 + fastest * (t1 - t0) + 1e-9


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=40))
def test_any_order_of_stamps_and_times_gives_a_weight(moves: list[tuple[float, float]]) -> None:
    fade = begin_fade(TimedFrame(None, 0.0))
    for stamp, seconds in moves:
        fade = replace(fade, pending=TimedFrame(None, stamp))
        fade = advance_fade(fade, seconds)
        assert 0 <= weigh(fade, seconds) <= 1


def test_time_that_runs_backwards_lets_new_frames_in() -> None:
    fade = advance_fade(begin_fade(TimedFrame("old", 1000.0)), 1000.0)
    fade = advance_fade(fade, 1.0)
    fade = replace(fade, pending=TimedFrame("new", 1.1))
    fade = advance_fade(fade, 1.05)
    assert fade.newer.texture == "new"
    assert weigh(advance_fade(fade, 2.0), 2.0) == 1


# Textures


def test_pixels_arrive_unchanged_with_row_0_first(bridge: Bridge) -> None:
    pixels = np.random.default_rng(2).random((3, 5, 4)).astype(np.float16)
    bridge.take("a", Frame(0.0, 1, pixels, {}))
    got = bridge.pixels("a", 0.0)
    assert got is not None
    assert got.older is got.newer
    assert got.newer.size == (5, 3)
    assert got.newer.dtype == "f2"
    assert np.array_equal(np.frombuffer(got.newer.read(), np.float16).reshape(3, 5, 4), pixels)


def test_textures_are_smooth_and_clamped(bridge: Bridge) -> None:
    bridge.take("a", frame(0.0))
    got = bridge.pixels("a", 0.0)
    assert got is not None
    assert got.newer.filter == (moderngl.LINEAR, moderngl.LINEAR)
    assert (got.newer.repeat_x, got.newer.repeat_y) == (False, False)


def test_a_slot_without_a_frame_shows_nothing(bridge: Bridge) -> None:
    assert bridge.pixels("a", 0.0) is None
    assert bridge.age_s("a", 0.0) is None


def test_frames_are_blended_by_time(bridge: Bridge) -> None:
    bridge.take("a", frame(1.0, 0.25))
    bridge.pixels("a", 0.99)
    bridge.take("a", frame(1.1, 0.5))
    early = bridge.pixels("a", 0.995)
    assert early is not None
    assert (level(early.older), level(early.newer)) == (0.25, 0.25)
    between = bridge.pixels("a", 1.025)
    assert between is not None
    assert (level(between.older), level(between.newer)) == (0.25, 0.5)
    assert between.weight == pytest.approx(0.25)
    assert bridge.age_s("a", 1.025) == pytest.approx(0)
    late = bridge.pixels("a", 1.5)
    assert late is not None
    assert late.weight == 1
    assert bridge.age_s("a", 1.5) == pytest.approx(0.4)


def test_a_pending_frame_is_replaced_by_a_newer_one_unseen(bridge: Bridge) -> None:
    bridge.take("a", frame(1.0, 0.25))
    bridge.pixels("a", 0.9)
    for n in range(1, 5):
        bridge.take("a", frame(1.0 + n / 10, n / 8))
    got = bridge.pixels("a", 1.2)
    assert got is not None
    assert (level(got.older), level(got.newer)) == (0.25, 0.5)
    assert got.weight == pytest.approx(0.5)


def test_textures_rotate_and_change_size_without_a_leak(bridge: Bridge) -> None:
    names = set()
    for n in range(40):
        size_px = (5, 3) if n < 20 else (8, 8)
        bridge.take("a", frame(n / 10, n / 64, size_px))
        got = bridge.pixels("a", n / 10)
        assert got is not None
        assert level(got.newer) == n / 64
        assert got.weight == 1
        assert n == 0 or level(got.older) == (n - 1) / 64
        names |= {got.older.glo, got.newer.glo}
        assert got.newer.size == size_px
    assert got.older.size == got.newer.size == (8, 8)
    assert len(names) <= 6


def test_a_fresh_frame_is_seen_at_once_and_leaks_nothing(bridge: Bridge) -> None:
    """After a rest, the frames of the last time are nothing to fade from."""
    for number in range(6):
        bridge.take("a", frame(float(number)))
        bridge.pixels("a", float(number))
    bridge.take("a", frame(6.5, 0.75))
    bridge.take("a", frame(200.0, 0.25), is_fresh=True)
    pixels = bridge.pixels("a", 199.9)
    assert pixels is not None
    assert level(pixels.older) == level(pixels.newer) == 0.25
    kept = {t.glo for t in bridge._slots["a"].textures}
    assert len(kept) <= 3
    bridge.take("a", frame(201.0), is_fresh=True)
    assert bridge._slots["a"].fade.newer.texture.glo in kept  # none is made, none is lost


def test_a_new_picture_is_uploaded_once_and_a_repeated_one_never(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The show rests from the third frame to the tenth: then a change of one number is seen."""
    written = []
    write = moderngl.Texture.write
    monkeypatch.setattr(
        moderngl.Texture, "write", lambda *given: (written.append(1), write(*given))[1]
    )
    numbers = []
    for n in range(12):
        picture = frame(n / 10, min(n, 3) / 16)
        if n > 10:
            picture.pixels[2, 3, 1] = 0.75
        bridge.take("a", picture)
        for shown in range(6):
            pixels = bridge.pixels("a", n / 10 - 0.1 + shown / 60)
            assert pixels is not None
        numbers.append(pixels.numbers[1])
    assert len(written) == 5  # four levels, and the change
    pixels = bridge.pixels("a", 1.2)
    assert pixels is not None
    assert np.frombuffer(pixels.newer.read(), np.float16).reshape(3, 5, 4)[2, 3, 1] == 0.75
    assert level(pixels.older) == 3 / 16
    assert len(bridge._slots["a"].textures) <= 3
    assert bridge.age_s("a", 1.2) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("in_between", "expected"),
    [("fade", [0.0, 0.25, 0.5, 0.75, 1.0]), ("flow", [0.0, 0.25, 0.5, 0.75, 1.0]),
     ("warp", [0, 0, 1, 1, 1]), ("none", [0, 0, 0, 0, 1])],
)  # fmt: skip
def test_what_is_seen_between_two_frames_is_a_choice(
    bridge: Bridge, in_between: str, expected: list[float]
) -> None:
    bridge.take("a", frame(0.0, 0.25))
    bridge.take("a", frame(1.0, 0.75))
    for share, weight in zip((0.0, 0.25, 0.5, 0.75, 1.0), expected, strict=True):
        pixels = bridge.pixels("a", share, in_between)
        assert pixels is not None
        assert pixels.weight == weight
        assert pixels.is_flow == (in_between == "flow")


@pytest.mark.parametrize("in_between", ["warp", "flow", "none"])
def test_another_model_is_always_faded_in(bridge: Bridge, in_between: str) -> None:
    bridge.take("a", frame(0.0, 0.25))
    bridge.take("a", frame(0.1, 0.75), fade_s=1.0)
    for seconds in (0.0, 0.5, 1.0):
        pixels = bridge.pixels("a", seconds, in_between)
        assert pixels is not None
        assert pixels.weight == pytest.approx(seconds)
        assert not pixels.is_flow


def test_slots_are_apart_and_can_be_dropped(bridge: Bridge) -> None:
    bridge.take("a", frame(0.0, 0.25))
    bridge.take("b", frame(0.0, 0.75))
    bridge.drop("a")
    bridge.drop("a")
    assert bridge.pixels("a", 0.0) is None
    got = bridge.pixels("b", 0.0)
    assert got is not None
    assert level(got.newer) == 0.75


@pytest.mark.parametrize("crossfades", [True, False])
def test_an_export_shows_each_frame_exactly(ctx: moderngl.Context, crossfades: bool) -> None:
    bridge = Bridge(ctx, crossfades=crossfades)
    host = InlineHost(open_spec("tests.stand_ins.slow_generator", Config()), "cpu")
    for n in range(12):
        seconds = n * 1001 / 30000
        z = np.full(4, n / 16, np.float32)
        host.ask(Request(seconds, {"z": z}, size_px=(6, 4)))
        made = host.newest()
        assert made is not None
        bridge.take("a", made)
        got = bridge.pixels("a", seconds)
        assert got is not None
        assert got.weight == 1
        assert got.newer.read() == made.pixels.tobytes()
    bridge.close()


def test_an_export_shows_the_newest_step_between_its_frames(ctx: moderngl.Context) -> None:
    bridge = Bridge(ctx, crossfades=False)
    for n in range(20):
        if n % 3 == 0:
            bridge.take("a", frame(n / 144, n / 32))
        got = bridge.pixels("a", (n + 0.5) / 144)
        assert got is not None
        assert got.weight == 1
        assert level(got.newer) == (n - n % 3) / 32
    bridge.close()


def test_the_probe_says_what_it_chose_and_why(ctx: moderngl.Context) -> None:
    path, why, _ = probe(ctx)
    assert path in ("cuda-pbo", "pinned", "numpy")
    assert why
    if "llvmpipe" in ctx.info["GL_RENDERER"]:
        assert path == "numpy"
        assert "llvmpipe" in why
