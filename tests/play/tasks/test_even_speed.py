"""Even motion: measured on generators, kept by takes and films, and nothing ever jumps for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import numpy as np
import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import requests_at
from engine.core.path.arc_length import SpeedEstimate, update_estimate
from engine.core.path.model import Extent
from engine.core.path.perceived_change import distance, features
from engine.core.path.speed import even_dt
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.generators.host.messages import Frame
from engine.generators.host.pixels import fetch, finish
from engine.generators.host.tasks import Result, Task, find_kind
from engine.generators.kinds import cppn
from engine.lab.one_thread import one_thread
from engine.play.event_queue import EventQueue
from engine.play.line import Line
from engine.play.tasks.even_speed import ProbeSchedule, Window, probe_task, probed_paths, window_of
from engine.play.tasks.even_speed_film import Evened
from engine.play.tasks.even_speed_live import CHECK_S, EvenSpeed
from engine.play.tasks.tasks import TaskQueue

NAME = "/layer/form/path"
TEXT = """schema = 1
[[layers]]
id = "form"
aspect = 1.0
[layers.generator]
kind = "cppn"
[layers.path]
"""
KEYS = 'motion = "keys"\nseeds = [0, 1, 2, 3, 4, 5]\nspeed = 2.0\n'
FRAMES, FPS, PX = 180, 60, 40


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


def read(tmp_path: Path, path: str) -> Show:
    file = tmp_path / "show.toml"
    file.write_text(TEXT + path)
    return load.load(str(file)).show


def run(show: Show, ticks: int, told: Callable[[int], list[Event]] = lambda _: []) -> list[State]:
    states = [first_state(show)]
    for tick in range(ticks):
        states.append(advance(show, states[-1], tick, told(tick)))
    return states[1:]


def say(tick: int, name: str, value: Any) -> Event:
    return Event(tick, f"{NAME}/{name}", value)


def wave(knots: int = 6) -> tuple[float, ...]:
    steps = 1.0 + 0.7 * np.sin(np.arange(knots * 16) * 0.3)
    return (0.0, 16.0, 1.0, 0.0, *steps.tolist())


class Film:
    """Distances of successive frames of a CPPN that goes through six keys."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.generator = cppn.build(cppn.Config())
        self.events: list[Event] = []

    def probe(self, state: State) -> Event:
        looks, probed = ProbeSchedule(), next(probed_paths(self.show, state, 0.0))
        window = window_of(Extent(0.0, 6.0, True), 0.0, 1.0)
        path = [probed.latent(place) for place in window.places]
        probe = probe_task(self.show, state, 0.0, probed, window, path)
        assert probe.request is not None
        small = replace(probe, request=replace(probe.request, size_px=(PX, PX)))
        *_, result = (r for r in find_kind("probe")(self.generator, small) if r)
        ((address, value),), said = looks.take(probed.path, window, result)
        assert said == []
        return Event(1, address, value)

    def steps(self, probes: bool, feels: bool = False) -> list[float]:
        state, rate, estimate = first_state(self.show), float(self.show.control_hz), SpeedEstimate()
        seen, places = [], []
        for frame in range(FRAMES + 1):
            while (state.tick + 1) / rate <= frame / FPS:
                tick = state.tick + 1
                state = advance(self.show, state, tick, self.events)
                self.events = [self.probe(state)] if probes and tick == 0 else []
            request = requests_at(self.show, state, frame / FPS, {"form"})["form"]
            pixels, _ = self.generator.render(replace(request, size_px=(PX, PX)))
            seen.append(features(fetch(finish(pixels))))
            places.append(state.paths[0].phase)
            if feels and frame:
                apart = distance(seen[-2], seen[-1])
                estimate = update_estimate(estimate, apart, places[-1] - places[-2])
                self.events = [say(state.tick + 1, "felt", estimate.perceived)]
        assert places[-1] == pytest.approx(6.0, abs=1.0 if feels else 0.03)
        return [distance(a, b) for a, b in pairwise(seen)]


def test_the_picture_of_a_network_changes_evenly(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 1.0")
    films = (Film(show).steps(*how) for how in ((False,), (True,), (False, True)))
    before, looked, perceived = (pstdev(steps) / mean(steps) for steps in films)
    print(f"CV {before:.3f} uniform, {looked:.3f} with 16 looks a knot, {perceived:.3f} online")
    assert looked <= 0.12
    assert before / looked >= 3.0
    assert perceived <= 0.2


def test_nothing_jumps_when_the_strength_or_the_table_changes(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS)
    acts = {20: say(20, "table", wave()), 60: say(60, "even", 1.0), 200: say(200, "even", 0.4),
            260: say(260, "table", (0.0,)), 300: say(300, "felt", (3.0, 1.0)),
            340: say(340, "change", 2.0)}  # fmt: skip
    states = run(show, 400, lambda tick: [acts[tick]] if tick in acts else [])
    phases = [s.paths[0].phase for s in states]
    gone = [b - a for a, b in pairwise(phases)]
    assert all(0.0 < step < 2.0 / 120 * 4 for step in gone)
    assert np.allclose(gone[:60], 2.0 / 120)  # a table alone changes nothing
    assert pstdev(gone[70:190]) > 0.2 * mean(gone[70:190])
    assert np.allclose(gone[270:300], 2.0 / 120)
    assert gone[330] == pytest.approx(2.0 / 120 / (0.6 + 0.4 * 3))
    assert gone[390] == pytest.approx(2.0 / 120 / (0.6 + 0.4 * 3))  # of change per second


def test_a_picture_that_is_asked_for_ahead_is_the_right_one(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 1.0")
    states = run(show, 140, lambda tick: [say(tick, "table", wave())] if tick == 0 else [])
    now, later = states[79].paths[0], states[139].paths[0]
    ahead = now.phase + now.speed * even_dt(show.paths[0], now, states[79].base, 0.5, 1 / 120)
    assert ahead == pytest.approx(later.phase, abs=8e-3)
    assert abs(now.phase + now.speed * 0.5 - later.phase) > 4e-2
    assert even_dt(show.paths[0], states[0].paths[0], states[0].base, 0.01, 1 / 120) == 0.01


def test_on_the_beat_keys_are_met_when_they_are_due(tmp_path: Path) -> None:
    def frames(even: float) -> list[np.ndarray]:
        show = read(tmp_path, KEYS + f"beats = 1.0\neven = {even}")
        states = run(show, 181, lambda t: [say(t, "table", wave())] if t == 0 else [])
        return [requests_at(show, s, s.tick / 120, {"form"})["form"].latents["z"] for s in states]

    plain, even = frames(0.0), frames(1.0)
    for beat in (60, 120, 180):
        assert np.allclose(plain[beat], even[beat], atol=1e-5)
        assert not np.allclose(plain[beat - 30], even[beat - 30], atol=1e-2)


def test_tables_are_kept_by_snapshots(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 0.7")
    told = [say(0, "table", wave()), say(0, "felt", (2.0, 1.0)), say(0, "felt", (math.inf, 1.0))]
    (state,) = run(show, 1, lambda _: told)
    again = from_data(show, to_data(show, state)).paths[0].memory
    assert "table" in again
    assert state.paths[0].memory.get("table") is not None
    assert again["table"].slopes == state.paths[0].memory["table"].slopes
    assert again.get("felt") == (2.0, 1.0)


# What is looked at


def test_a_jump_of_the_generator_is_found_and_a_quick_motion_is_none() -> None:
    class Leaping:
        @staticmethod
        def render(request: Request, memory: object) -> tuple[np.ndarray, object]:
            z = request.latents["z"]
            level = 0.3 * z[0] + (0.5 if z[0] > 0.6123 else 0.0) + 0.8 * np.tanh(40 * (z[0] - 0.2))
            return np.full((1, 3, 32, 32), 0.1 + 0.1 * level, np.float32), memory

    z = np.linspace(0, 1, 33, dtype=np.float32)[:, None]
    options = {"port": "z", "is_closed": 0.0}
    probe = Task("probe", 1, {"path": z}, options, Request(0.0, {}, size_px=(32, 32)))
    slices = list(find_kind("probe")(Leaping(), probe))
    result = slices[-1]
    assert result is not None
    assert slices[:33] == [None] * 33
    assert len(result.arrays["chords"]) == 32
    assert len(result.arrays["skips"]) == 31
    ((at, times),) = result.arrays["jumps"]
    assert at / 32 == pytest.approx(0.6123, abs=1 / 32 / 16)
    assert times > 6


def test_jumps_are_said_with_their_place_and_a_cure(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 1.0")
    chords = {"chords": np.ones(32, np.float32), "skips": 2 * np.ones(32, np.float32)}
    chords["chords"][24], chords["skips"][23:25] = 9.0, 10.0
    looks, window = ProbeSchedule(), Window(0.0, 16.0, True, 32)
    jumps = np.array([[24.0, 9.0]], np.float32)
    told, said = looks.take(show.paths[0], window, Result({**chords, "jumps": jumps}))
    assert told[0][0] == f"{NAME}/table"
    assert told[0][1][4 + 24] == 1.0  # nothing is slowed down for it
    assert said == [f"{NAME}: the picture jumps at 1.50 knots (9 times the usual step); no speed "
                    "evens that out: set a key beside it, or fade over it"]  # fmt: skip
    assert looks.report()[NAME]["jumps"] == [[1.5, 9.0]]
    still = {name: 0 * array for name, array in chords.items()}
    told, said = looks.take(show.paths[0], window, Result({**still, "jumps": jumps[:0]}))
    assert told == []
    assert "does not change" in said[0]


@pytest.mark.parametrize(
    ("path", "start", "cells"),
    [(KEYS, 0, 96), ('motion = "orbit"\n', 0, 64), ('motion = "loop"\nperiod = 5.0\n', 0, 80),
     ('motion = "walk"\n', -1, 160), ('motion = "walk"\nspeed = -1.0\n', -8, 160),
     (KEYS + "wander = 0.5\n", -1, 160), ('motion = "still"\n', 0, 0)],
)  # fmt: skip
def test_a_whole_loop_is_looked_at_or_what_lies_ahead(
    tmp_path: Path, path: str, start: float, cells: int
) -> None:
    show = read(tmp_path, path + "even = 0.5")
    (state,) = run(show, 1)
    probed = next(probed_paths(show, state, 0.0))
    window = ProbeSchedule().due(probed)
    assert ((0, 0) if window is None else (window.start, window.cells)) == (start, cells)
    uneven = read(tmp_path, path)
    assert list(probed_paths(uneven, first_state(uneven), 0.0)) == []


def test_a_way_that_bends_between_two_looks_is_looked_at_more_finely(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 1.0")
    looks, probed = ProbeSchedule(), next(probed_paths(show, run(show, 1)[0], 0.0))
    for cells in (96, 192):
        window = looks.due(probed)
        assert window is not None
        assert (window.cells, window.per_knot) == (cells, cells / 6)
        ones = np.ones(cells, np.float32)
        found = {"chords": ones, "skips": 1.3 * ones, "jumps": np.zeros((0, 2), np.float32)}
        looks.take(probed.path, window, Result(found))
    assert looks.due(probed) is None


@dataclass
class Glimpses:
    """A host that does an probe at once, on a cheap generator, when results are asked for."""

    sent: list[Task]
    drawn: int = 0

    def send(self, probe: Task) -> None:
        self.sent.append(probe)

    def render(self, request: Request, memory: object) -> tuple[np.ndarray, object]:
        self.drawn += 1
        z = request.latents["z"]
        return np.broadcast_to(0.5 + 0.2 * np.tanh(z[:3, None, None]), (1, 3, 32, 32)), memory

    def results(self) -> list[Result]:
        done, self.sent = self.sent, []
        return [
            replace([r for r in find_kind("probe")(self, e) if r][-1], number=e.number)
            for e in done
            if e.kind
        ]


def test_live_the_worker_is_sent_and_until_it_is_back_the_frames_tell(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 0.7")
    host, said, heard = Glimpses([]), [], []
    frames: dict[str, Frame] = {}
    evening = EvenSpeed(frames.get, said.append)
    tasks = TaskQueue(lambda _: host, said.append, [evening])  # type: ignore[arg-type, return-value]
    queue, state = EventQueue(), first_state(show)
    for tick in range(400):
        if tick % 8 == 0:
            at = max(state.tick, 0) / 120
            pixels = np.full((32, 32, 4), 0.2 + 0.1 * math.sin(at * 3), np.float16)
            frames["form"] = Frame(at, tick + 1, pixels, {})
        events = list(queue.events_of(tick))
        if tick == 250:
            events.append(say(tick, "seed", 7.0))
            events.append(say(tick, "motion", "walk"))
        heard += [e for e in events if e.source == "errand"]
        state = advance(show, state, tick, events)
        tasks.tend(show, state, tick / 120, queue)
    names = [event.address.rpartition("/")[2] for event in heard]
    assert names[:2] == ["felt", "felt"]
    first = names.index("table")
    assert "felt" not in names[first : first + 2]  # the table knows better
    tables = [e for e in heard if e.address.endswith("table")]
    assert [len(e.value) for e in tables] == [100, 1, 164]  # a loop, forgotten, a walk
    assert CHECK_S < (tables[0].tick / 120) < 2.0
    assert state.paths[0].memory.get("table") is not None
    assert said == []
    assert tasks.report()["even"][NAME]["cells"] == 160


def test_a_film_looks_by_itself_at_any_rate_of_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.play.tasks.even_speed.LEAST_CELLS", 16)
    show = read(tmp_path, 'motion = "orbit"\nspeed = 0.5\neven = 1.0')

    def phases(fps: int) -> list[float]:
        evened = Evened(lambda _: ())
        line = evened.follow(Line(show, first_state(show), -1, {}))
        found = []
        for frame in range(fps + 1):
            line.control(Fraction(frame, fps), evened.events_of)
            found.append(line.state.paths[0].phase)
        assert line.state.paths[0].memory.get("table") is not None
        return found

    assert phases(24)[::24] == phases(12)[::12]


def test_a_generator_that_nobody_sees_is_left_in_peace(tmp_path: Path) -> None:
    show = read(tmp_path, KEYS + "even = 1.0")
    states = run(show, 2, lambda tick: [Event(tick, "/layer/form/opacity", 1.0 - tick)])
    assert [len(list(probed_paths(show, state, state.tick / 120))) for state in states] == [1, 0]
