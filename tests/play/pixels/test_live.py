"""Live pixels: slow generators stay smooth, and a changed model follows without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.core.frame.sample import sample
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.interface import HostStats
from engine.generators.host.latency import Latency, look_ahead_s, note_arrival, rate_hz
from engine.generators.host.messages import Frame
from engine.play.pixels import live as module
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.live import REFRESH_S, LivePixels
from engine.play.pixels.slot import CHANGE_S, CUT_WITHIN_S
from tests.making import read_show, run

FPS = 60
TEXT = """
[[layers]]
id = "a"
[layers.generator]
kind = "cppn"
size_px = 64
config = {{ latent_size = 32, network_seed = {seed} }}
[[layers]]
id = "b"
opacity = 0.0
[layers.generator]
kind = "cppn"
size_px = 64
config = {{ latent_size = 32 }}
[[cues]]
id = "b"
solo = ["b"]
"""
SHOW, EDITED = read_show(TEXT.format(seed=1)), read_show(TEXT.format(seed=2))


class Fake:
    """A host whose frames come when the test's clock says, each one flat: its own stamp."""

    def __init__(
        self, spec: Any, render_s: float, level: float | None = None, failure: str = ""
    ) -> None:
        self.spec = spec
        self.render_s = render_s
        self.level = level
        self.failure = failure
        self.is_closed = False
        self.asked: list[Request] = []
        self._now_s = 0.0
        self._busy: tuple[float, float, Request] | None = None  # begun, done at
        self._newest: Request | None = None
        self._latency = Latency()
        self._made = 0

    def look_ahead_s(self, seen_periods: float = 1.0) -> float:
        return look_ahead_s(self._latency, 1 / 15, seen_periods)

    def ask(self, request: Request, now_s: float | None = None) -> None:
        assert not self.is_closed
        self.asked.append(request)
        self._newest = request

    def tend(self, now_s: float) -> None:
        self._now_s = now_s

    def newest(self) -> Frame | None:
        found = None
        if self._busy is not None and self._now_s >= self._busy[1] - 1e-9:
            begun, _, request = self._busy
            self._latency = note_arrival(
                self._latency, self._now_s, 1, self._now_s - begun, self.render_s, 1 / 15
            )
            level = request.seconds / 100 if self.level is None else self.level
            self._made += 1
            found = Frame(request.seconds, self._made, np.full((2, 2, 4), level, np.float16), {})
            self._busy = None
        if self._busy is None and self._newest is not None and not self.failure:
            self._busy = (self._now_s, self._now_s + self.render_s, self._newest)
            self._newest = None
        return found

    def stats(self) -> HostStats:
        state = f"failed: {self.failure}" if self.failure else "ready"
        rate = rate_hz(self._latency, self._now_s)
        return HostStats(state=state, frames=self._made, rate_hz=rate)

    def close(self) -> None:
        self.is_closed = True


class Stage:
    """Live pixels with fake hosts, frame by frame."""

    def __init__(self, ctx: moderngl.Context, patch: pytest.MonkeyPatch) -> None:
        self.hosts: list[Fake] = []
        self.next: dict[str, Any] = {"render_s": 0.0}
        self.breaks = ""
        patch.setattr(module, "open_host", self._open)
        self.bridge = Bridge(ctx)
        self.pixels = LivePixels(self.bridge)
        self.frame = 0

    def _open(self, generator: Any, *_: object) -> Fake:
        if self.breaks:
            raise ValueError(self.breaks)
        self.hosts.append(Fake(generator.spec, **self.next))
        return self.hosts[-1]

    def draw(self, show: Show, state: State, name: str = "a") -> tuple[int, int, float] | None:
        """One display frame; return what the layer shows."""
        seconds = self.frame / FPS
        self.frame += 1
        plan = sample(show, state, seconds)
        self.pixels.ask(show, state, plan, seconds)
        found = self.pixels.of(plan, [name]).get(name)
        return None if found is None else (found.older, found.newer, found.weight)


@pytest.fixture
def stage(ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(ctx, monkeypatch)
    yield made
    made.pixels.close()
    made.bridge.close()


def level(texture: Any) -> float:
    return float(np.frombuffer(texture.read(), np.float16)[0])


def shown(found: Any) -> float:
    """Brightness of a crossfade."""
    older, newer, weight = found
    return (1 - weight) * level(older) + weight * level(newer)


@pytest.mark.parametrize("render_s", [0.04, 1.0, 2.5, 6.0])
def test_a_slow_generator_is_blended_and_never_cut(stage: Stage, render_s: float) -> None:
    """Each frame's brightness is the moment it is for: the mixture moves on evenly with time."""
    stage.next = {"render_s": render_s}
    state = run(SHOW, 0)
    values = []
    for _ in range(round(8 * max(render_s, 0.5) * FPS)):
        found = stage.draw(SHOW, state)
        if found is not None:
            values.append(shown(found) * 100)
    steps = [b - a for a, b in pairwise(values)]
    half = 0.02  # of a second: what half precision does to these stamps
    assert min(steps) > -half
    # From beginning on no frame differs from the one before by more than a fast fade does.
    assert max(steps) < max(render_s, 0.1) * 2 / (0.5 * FPS) + half
    tail = np.array(values[len(values) // 2 :])
    # It never rests either: in every stretch of half a second something happens.
    assert (tail[30:] - tail[:-30]).min() > 0.1
    if render_s <= 2.5:  # once the pace is known: exactly the moment of display
        tail = np.array(values[len(values) * 3 // 4 :])
        moments = np.arange(stage.frame - len(tail), stage.frame) / FPS
        assert np.abs(tail - moments).max() < 0.1 + half


@pytest.mark.parametrize(("in_between", "early"), [("warp", 0.5), ("none", 0.0)])
def test_frames_that_are_seen_alone_are_asked_for_the_time_when_they_are_seen(
    stage: Stage, in_between: str, early: float
) -> None:
    """Each frame's brightness is its own moment: seen around it (warp), or from it on (none)."""
    stage.next = {"render_s": 0.4}
    state = run(SHOW, 1, [(0, "/layer/a/in_between", in_between)])
    lags, ahead = [], []
    for _ in range(12 * FPS):
        found = stage.draw(SHOW, state)
        if found is not None and stage.frame > 6 * FPS:
            assert found[2] in (0.0, 1.0)
            lags.append((stage.frame - 1) / FPS - 100 * shown(found))
            ahead.append(stage.hosts[0].asked[-1].seconds - (stage.frame - 1) / FPS)
    half = 0.02  # of a second: what half precision does to these stamps
    assert min(lags) > -0.4 * early - 2 / FPS - half
    assert max(lags) < 0.4 * (1 - early) + 2 / FPS + half
    assert np.mean(ahead) == pytest.approx(0.4 * (1 + early), abs=4 / FPS)


def test_weights_of_a_one_hertz_generator_move_without_a_jump(stage: Stage) -> None:
    stage.next = {"render_s": 1.0}
    state = run(SHOW, 0)
    seen = [stage.draw(SHOW, state) for _ in range(12 * FPS)]
    rows = [row for row in seen if row is not None]
    changes = 0
    for (old0, new0, w0), (old1, new1, w1) in pairwise(rows):
        if (old0, new0) == (old1, new1):
            assert -1e-9 <= w1 - w0 < 0.05
        else:  # the next pair begins where the one before ended
            changes += 1
            assert old1 is new0
            assert (1 - w0) + w1 < 0.1
    assert 6 <= changes <= 12
    ages = stage.pixels.age_ms["a"].in_order()
    assert ages[len(ages) // 2] < 600
    assert stage.pixels.stats()["a"].keys() >= {"rate_hz", "age_ms"}


def test_after_a_rest_the_first_frame_replaces_what_was_at_once(stage: Stage) -> None:
    stage.next = {"render_s": 0.05}
    shows_a, shows_b = run(SHOW, 0), run(SHOW, 2, [(1, "/cue/b/go", 1)])
    for state in (shows_a, shows_b):
        for _ in range(3 * FPS):
            stage.draw(SHOW, state)
    rows = [stage.draw(SHOW, shows_a) for _ in range(round(CUT_WITHIN_S * FPS))]
    assert any(row is not None and row[0] is row[1] for row in rows)
    assert shown(rows[-1]) * 100 == pytest.approx(stage.frame / FPS, abs=0.2)


def test_a_slow_one_is_faded_in_after_a_rest(stage: Stage) -> None:
    stage.next = {"render_s": 1.0}
    shows_a, shows_b = run(SHOW, 0), run(SHOW, 2, [(1, "/cue/b/go", 1)])
    for state in (shows_a, shows_b):
        for _ in range(6 * FPS):
            stage.draw(SHOW, state)
    values = [shown(row) for row in (stage.draw(SHOW, shows_a) for _ in range(4 * FPS)) if row]
    assert max(abs(b - a) for a, b in pairwise(values)) * 100 < REFRESH_S * 2 / (0.5 * FPS)
    assert values[-1] > values[0]


# A changed model


def test_a_changed_model_follows_in_a_fade_of_a_second(stage: Stage) -> None:
    stage.next = {"render_s": 0.05, "level": 0.25}
    state = run(SHOW, 0)
    for _ in range(FPS):
        stage.draw(SHOW, state)
    stage.next = {"render_s": 2.0, "level": 0.75}
    values = [shown(stage.draw(EDITED, state)) for _ in range(4 * FPS)]
    old, new = stage.hosts
    steps = [b - a for a, b in pairwise(values)]
    assert values[0] == 0.25
    assert values[-1] == 0.75
    assert max(steps) < 0.5 / (CHANGE_S * FPS) * 1.2
    assert min(steps) > -0.001
    assert old.is_closed
    assert not new.is_closed
    # The old one went on while the new one was loading.
    assert max(r.seconds for r in old.asked) > 2.5
    stage.pixels.keep(EDITED)
    assert stage.pixels.stats()["a"]["state"] == "ready"


def test_a_new_model_that_fails_leaves_the_old_one_playing(stage: Stage) -> None:
    stage.next = {"render_s": 0.05}
    state = run(SHOW, 0)
    for _ in range(FPS):
        stage.draw(SHOW, state)
    stage.next["failure"] = "weights.safetensors: not found"
    stage.draw(EDITED, state)
    old, new = stage.hosts
    values = [shown(stage.draw(EDITED, state)) * 100 for _ in range(5 * FPS)]
    assert values[-1] == pytest.approx(stage.frame / FPS, abs=0.2)
    assert not old.is_closed
    assert stage.pixels.complaints() == ["layer a: failed: weights.safetensors: not found"]
    assert stage.pixels.complaints() == []
    assert "not found" in stage.pixels.stats()["a"]["error"]
    stage.draw(SHOW, state)  # taken back: the old one is the right one again
    assert new.is_closed
    assert not old.is_closed
    assert len(stage.hosts) == 2


def test_a_model_that_cannot_be_opened_ends_no_frame(stage: Stage) -> None:
    stage.next = {"render_s": 0.05}
    state = run(SHOW, 0)
    for _ in range(FPS):
        stage.draw(SHOW, state)
    stage.breaks = "model x.safetensors: No such file"
    values = [shown(stage.draw(EDITED, state)) * 100 for _ in range(2 * FPS)]
    assert values[-1] == pytest.approx(stage.frame / FPS, abs=0.2)
    assert stage.pixels.complaints() == ["layer a: failed: model x.safetensors: No such file"]
    stage.breaks = ""
    for _ in range(5 * FPS):
        stage.draw(EDITED, state)
    assert len(stage.hosts) == 2
    assert stage.hosts[0].is_closed


# Readiness


def test_the_host_says_which_generators_have_no_picture_and_when_they_have(stage: Stage) -> None:
    assert stage.pixels.news(SHOW) == [("a", False), ("b", False)]
    assert stage.pixels.news(SHOW) == []
    stage.next = {"render_s": 0.5}
    state = run(SHOW, 0)
    while stage.pixels.news(SHOW) != [("a", True)]:
        stage.draw(SHOW, state)
    assert stage.frame == round(0.5 * FPS) + 1
    assert len(stage.hosts) == 1


def test_what_a_cue_waits_for_is_started_although_nobody_sees_it(stage: Stage) -> None:
    state = run(SHOW, 5, [(0, "/layer/b/ready", 0), (3, "/cue/b/go", 1)])
    stage.pixels.news(SHOW)
    stage.draw(SHOW, state, "b")
    assert len(stage.hosts) == 2
    assert len(stage.hosts[1].asked) == 1
    stage.draw(SHOW, state, "b")
    assert ("b", True) in stage.pixels.news(SHOW)


def test_a_layer_that_comes_back_is_asked_about_anew(stage: Stage) -> None:
    state = run(SHOW, 0)
    for _ in range(3):
        stage.draw(SHOW, state)
    assert stage.pixels.news(SHOW) == [("b", False)]
    bare = read_show(
        "[[layers]]" + TEXT.split("[[layers]]")[2].replace("{{", "{").replace("}}", "}")
    )
    stage.pixels.keep(bare)
    assert stage.pixels.news(SHOW) == [("a", False)]


def test_a_layer_finds_the_worker_that_draws_it_after_a_latent_crossfade(stage: Stage) -> None:
    """Its tasks go there, and what they learn from its newest frame is of its latent."""
    layers = TEXT.format(seed=1).split("[[cues]]")[0].replace("opacity = 0.0", 'deck = "b"')
    layers = layers.replace('id = "a"', 'id = "a"\ndeck = "a"')
    layers = layers.replace("network_seed = 1", "network_seed = 0").replace(
        "config = { latent_size = 32 }", "config = { latent_size = 32, network_seed = 0 }"
    )
    show = read_show(f'{layers}\n[decks]\ntransition = "latent"\ntime_s = 0.1\n')
    state = run(show, 0)
    stage.pixels.warm = frozenset({"a", "b"})
    for _ in range(3):
        stage.draw(show, state)
    before = {name: stage.pixels.host(name) for name in ("a", "b")}
    state = run(show, 24, [(1, "/deck/take", 1)], state)
    assert state.decks is not None
    assert state.decks.is_crossed
    for _ in range(40):
        stage.draw(show, state, "b")
    assert stage.pixels.host("a") is before["b"]
    assert stage.pixels.host("b") is before["a"]
    plan = sample(show, state, 24 / 120)
    (worker,) = plan.requests  # that is what is on air
    assert stage.pixels.host("b") is before[worker]
    frame = stage.pixels.newest("b")
    assert frame is not None
    assert frame is stage.pixels._newest[worker]
