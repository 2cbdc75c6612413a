"""What a performance gives up: by scripted times, so that every machine decides alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import pytest

from engine.generators.host.interface import HostStats
from engine.play import shares
from engine.play.governor import CALM_S, JUDGED_S, MOST_CALM_S, Governor, Level, levels_of
from engine.play.shares import Shares
from engine.system.liveness import Vitals

FPS = Fraction(60)
HD = (1280, 720)
PERIOD_S = 1 / 60


class Machine:
    """Draws frames as long as a cost says, and keeps the levels that were chosen."""

    def __init__(self, size_px: tuple[int, int] = HD, fps: Fraction = FPS) -> None:
        self.governor = Governor(fps, size_px)
        self.fps = fps
        self.frame = 0
        self.levels = [self.governor.level]
        self.said: list[str] = []

    @property
    def now_s(self) -> float:
        return float(self.frame / self.fps)

    def draw(
        self, seconds: float, cost_s: Callable[[Level, int], float], starved: str = ""
    ) -> list[Level]:
        """Draw for so long; return the levels from here on."""
        before, until_s = len(self.levels), self.now_s + seconds
        while self.now_s < until_s:
            level = self.governor.level
            if self.governor.note(self.now_s, cost_s(level, self.frame), starved):
                self.levels.append(self.governor.level)
            self.said += filter(None, [self.governor.news(self.now_s)])
            self.frame += self.governor.level.every
        return self.levels[before:]


def by_pixels(fixed_s: float, pixels_s: float) -> Callable[[Level, int], float]:
    return lambda level, _: fixed_s + pixels_s * level.scale**2


def test_a_machine_that_keeps_up_gives_nothing_up() -> None:
    machine = Machine()
    assert machine.draw(60, by_pixels(0.002, 0.010)) == []
    assert machine.said == []


def test_single_hitches_and_three_slow_frames_of_a_hundred_give_nothing_up() -> None:
    machine = Machine()
    assert machine.draw(60, lambda _, n: 0.030 if n % 33 == 0 else 0.010) == []
    assert machine.draw(60, lambda _, n: 0.900 if n % 600 == 0 else 0.010) == []


def test_sharpness_goes_at_once_as_far_as_needed_and_stays_there() -> None:
    machine = Machine()
    levels = machine.draw(1, by_pixels(0.002, 0.027))
    assert levels == [Level(0.5)]
    assert machine.draw(150, by_pixels(0.002, 0.027)) == []  # 17.2 ms at 0.75: no use to try


def test_it_begins_where_the_first_picture_says() -> None:
    machine = Machine()
    assert not machine.governor.begin(0.010)
    assert machine.governor.begin(0.029)
    assert machine.governor.level == Level(0.5)
    assert machine.governor.size_px == (640, 360)


def test_jitter_alone_costs_sharpness_too() -> None:
    machine = Machine()
    levels = machine.draw(5, lambda level, n: 0.010 + (0.012 * level.scale if n % 10 == 0 else 0))
    assert levels[0] == Level(0.75)


def test_frames_go_when_sharpness_is_exhausted() -> None:
    machine = Machine(size_px=(640, 360))
    levels = machine.draw(10, by_pixels(0.020, 0.010))
    assert levels[-1] == Level(0.5, 2)
    assert levels == sorted(levels, key=lambda x: (x.every, -x.scale))
    assert machine.draw(60, by_pixels(0.020, 0.010)) == []


def test_others_that_take_the_machine_now_and_then_leave_thirty_frames() -> None:
    machine = Machine()
    machine.draw(60, lambda _, n: 0.080 if n % 12 == 0 else 0.006)
    assert machine.governor.level == Level(0.25, 2)


def test_the_last_level_is_the_last() -> None:
    machine = Machine()
    machine.draw(30, lambda *_: 1.0)
    assert machine.governor.level == levels_of(FPS, HD)[-1] == Level(0.25, 4)


def test_what_was_given_up_comes_back_step_by_step_when_the_machine_is_calm_again() -> None:
    machine = Machine()
    machine.draw(20, by_pixels(0.020, 0.030))
    assert machine.governor.level.every > 1
    levels = machine.draw(120, by_pixels(0.002, 0.008))
    assert levels[-1] == Level()
    assert levels == sorted(levels, key=lambda x: (-x.every, x.scale))


def test_it_does_not_swing() -> None:
    """A scale that looks good and is not is tried again, and ever more rarely."""
    machine = Machine()
    machine.draw(1, by_pixels(0.001, 0.029))

    def deceptive(level: Level, _: int) -> float:
        return 0.004 if level.scale <= 0.5 else 0.020

    levels = machine.draw(1200, deceptive)
    tries = levels.count(Level(0.75))
    assert 3 <= tries <= 2 + 1200 / MOST_CALM_S + 6
    assert set(levels) == {Level(0.5), Level(0.75)}


def test_after_a_success_patience_is_as_at_first() -> None:
    machine = Machine()
    machine.draw(1, by_pixels(0.001, 0.029))
    machine.draw(200, lambda level, _: 0.004 if level.scale <= 0.5 else 0.020)
    machine.draw(MOST_CALM_S + 3 * CALM_S, by_pixels(0.001, 0.004))
    assert machine.governor.level == Level()
    machine.draw(1, by_pixels(0.001, 0.029))
    assert machine.governor.level == Level(0.5)
    assert machine.draw(CALM_S + 1, by_pixels(0.001, 0.004)) == [Level(0.75)]


def test_a_generator_that_starves_is_given_room_unless_there_is_none_to_give() -> None:
    machine = Machine()
    levels = machine.draw(30, by_pixels(0.002, 0.008), "layer a waits")
    assert levels[:2] == [Level(0.75), Level(0.5)]
    assert levels[-1].scale < 0.75
    assert machine.governor.changes[0][2] == "layer a waits"
    used_s = by_pixels(0.002, 0.008)(machine.governor.level, 0)
    assert (
        used_s < 0.25 * machine.governor.level.every * PERIOD_S
    )  # then the display keeps the rest
    idle = Machine()
    assert idle.draw(60, lambda *_: 0.002, "layer a waits") == []


def test_it_is_said_once_what_was_given_up_why_and_what_to_change() -> None:
    machine = Machine()
    machine.draw(60, by_pixels(0.002, 0.027))
    machine.draw(60, by_pixels(0.030, 0.030))
    machine.draw(200, by_pixels(0.001, 0.004))
    machine.draw(60, by_pixels(0.002, 0.027))
    scale, frames = machine.said
    assert scale.startswith(
        "the picture is drawn at 640x360 and enlarged: a frame took 29 ms where"
    )
    assert "--size" in scale
    assert "--fps" in scale
    assert frames.startswith("only ")
    assert "frames a second are drawn: a frame took " in frames


def test_the_same_times_decide_alike() -> None:
    def jitter(level: Level, n: int) -> float:
        return 0.008 + 0.012 * level.scale * ((n * 7919) % 101) / 100

    one, other = Machine(), Machine()
    assert one.draw(60, jitter) == other.draw(60, jitter)


@pytest.mark.parametrize(
    ("fps", "size_px", "last"),
    [
        (60, HD, Level(0.25, 4)),
        (60, (640, 360), Level(0.5, 4)),
        (24, (1920, 1080), Level(0.25, 1)),
        (30, (320, 180), Level(1.0, 2)),
        (25, (160, 90), Level(1.0, 1)),
    ],
)
def test_how_much_is_kept(fps: int, size_px: tuple[int, int], last: Level) -> None:
    assert levels_of(Fraction(fps), size_px)[-1] == last


def test_judgement_begins_anew_after_a_change() -> None:
    machine = Machine()
    machine.draw(1, by_pixels(0.002, 0.027))
    changed_s = machine.governor.changes[-1][0]
    machine.draw(20, lambda *_: 0.0155)
    assert machine.governor.changes[-1][0] - changed_s >= JUDGED_S


Used = dict[int, float]


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Used:
    found: Used = {}
    found[0] = 1.0  # whether it wants a core

    def look(pid: int) -> Vitals | None:
        return Vitals(found[pid], bool(found[0]), False) if pid in found else None

    monkeypatch.setattr(shares, "look", look)
    monkeypatch.setattr(shares, "cpu_s", found.get)
    monkeypatch.setattr(shares.os, "getpid", lambda: 1)
    found[1] = 5.0
    return found


def looks(found: Shares, used: Used, seconds: Iterable[int], *, cores: float, pictures: int = 0,
          is_seen: bool = True, device: str = "cpu") -> list[str]:  # fmt: skip
    """Look once a second at a worker that gets so much; return what was said."""
    said = []
    for second in seconds:
        used[1] += 0.5
        used[7] = used.get(7, 1.0) + cores
        stats = {"a": HostStats(frames=pictures, state="ready", device=device, pid=7)}
        found.look(float(second), stats, {"a": 0.1} if is_seen else {})
        said.append(found.starved)
    return said


def test_it_looks_once_a_second(used: Used) -> None:
    found = Shares()
    assert found.is_due(0.0)
    looks(found, used, [0], cores=0.1)
    assert not found.is_due(0.9)
    assert found.is_due(1.0)


def test_shares_are_told_in_cores(used: Used) -> None:
    found = Shares()
    looks(found, used, range(3), cores=0.125)
    assert found.cores == {"display": 0.5, "a": 0.125}


def test_a_generator_starves_if_it_waits_for_a_picture_and_gets_too_little(used: Used) -> None:
    said = looks(Shares(), used, range(5), cores=0.1)
    assert said[:2] == ["", ""]
    assert said[3] == "the generator of layer a got 0.30 s of a core in 3 s"


@pytest.mark.parametrize("kinds", [{"cores": 0.3}, {"is_seen": False}, {"device": "cuda"}], ids=str)
def test_slow_hidden_and_other_devices_generators_do_not_starve(used: Used, kinds) -> None:
    assert set(looks(Shares(), used, range(9), **{"cores": 0.1, **kinds})) == {""}


def test_a_generator_that_was_just_hidden_does_not_starve(used: Used) -> None:
    found = Shares()
    looks(found, used, range(9), cores=0.0, is_seen=False)
    assert looks(found, used, range(9, 10), cores=0.0) == [""]


def test_a_generator_that_waits_for_something_else_does_not_starve(used: Used) -> None:
    used[0] = 0.0
    assert set(looks(Shares(), used, range(9), cores=0.0)) == {""}


def test_every_picture_counts_anew_and_so_does_a_new_process(used: Used) -> None:
    found = Shares()
    looks(found, used, range(3), cores=0.05)
    assert looks(found, used, range(3, 5), cores=0.05, pictures=1) == ["", ""]
    used[9] = 0.0
    found.look(6.0, {"a": HostStats(state="ready", device="cpu", pid=9)}, {"a": 0.1})
    assert found.starved == ""


def test_where_nobody_tells_nothing_is_known(used: Used) -> None:
    used.clear()
    found = Shares()
    stats = {"a": HostStats(state="ready", device="cpu", pid=7)}
    for second in range(9):
        found.look(float(second), stats, {"a": 0.1})
    assert (found.cores, found.starved) == ({}, "")
