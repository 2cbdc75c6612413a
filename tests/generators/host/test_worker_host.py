"""Both hosts behind one interface: nothing waits for a worker, and its death costs no picture."""

from __future__ import annotations

import importlib
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.show.generator import Request
from engine.generators.host import cuda_ring
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.latency import Latency, look_ahead_s, note_arrival, rate_hz
from engine.generators.host.messages import Frame, encode_frame
from engine.generators.host.pixels import finish
from engine.generators.host.spare import Spare
from engine.generators.host.watchdog import Policy, pause_s
from engine.generators.host.worker_host import WorkerHost, open_worker
from engine.generators.registry import open_spec
from engine.system import liveness
from tests.performing import until
from tests.stand_ins.slow_generator import Config, build

NAME = "tests.stand_ins.slow_generator"


def request(seconds: float, level: float = 0.0, act: float = 0.0) -> Request:
    z = np.full(4, level, np.float32)
    return Request(seconds, {"z": z}, {"act": act}, size_px=(9, 5))


@pytest.fixture
def opened() -> Iterator[list[WorkerHost | Spare]]:
    """Close, also after a failure, what a test opens."""
    things: list[WorkerHost | Spare] = []
    yield things
    for thing in things:
        thing.close()


def open_slow(
    opened: list[WorkerHost | Spare],
    config: Config | None = None,
    *,
    rate_cap_hz: float = 1e9,
    spare: Spare | None = None,
    policy: Policy | None = None,
) -> WorkerHost:
    host = open_worker(
        open_spec(NAME, config or Config()),
        "cpu",
        max_size_px=(16, 16),
        rate_cap_hz=rate_cap_hz,
        spare=spare,
        policy=policy,
    )
    opened.append(host)
    return host


def wait(host: WorkerHost, is_done: Callable[[], bool], now_s: float | None = None) -> None:
    """Tend the host until something is so."""

    def tended() -> bool:
        if is_done():
            return True
        host.tend(time.monotonic() if now_s is None else now_s)
        return False

    until(tended, host.stats)


def wait_frame(
    host: WorkerHost, fits: Callable[[Frame], bool] = lambda _: True, now_s: float | None = None
) -> Frame:
    frames: list[Frame] = []

    def is_there() -> bool:
        frame = host.newest()
        if frame is not None and fits(frame):
            frames.append(frame)
        return bool(frames)

    wait(host, is_there, now_s)
    return frames[0]


def wait_end(pid: int) -> None:
    def has_ended() -> bool:
        children = [child.pid for child in multiprocessing.active_children()]
        return not is_running(pid) and pid not in children

    until(has_ended, f"the end of process {pid}")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}").is_dir() or "Z" not in Path(f"/proc/{pid}/stat").read_text()


# Inline


def test_inline_gives_what_the_generator_renders_and_keeps_its_memory() -> None:
    host = InlineHost(open_spec(NAME, Config()), "cpu")
    direct, memory = build(Config(), "cpu"), None
    for n in range(3):
        asked = request(n / 24, level=n / 4)
        assert host.newest() is None
        host.ask(asked, now_s=0.0)
        frame = host.newest()
        pixels, memory = direct.render(asked, memory)
        assert frame is not None
        assert frame.seconds == asked.seconds
        assert np.array_equal(frame.pixels, finish(pixels))
        assert frame.pixels[2, 3].tolist() == pytest.approx([n / 4, (n + 1) / 1000, 1, 1], abs=1e-3)
    assert host.stats().frames == 3
    assert host.stats().state == "ready"
    host.close()


def test_inline_renders_the_newest_request_only() -> None:
    host = InlineHost(open_spec(NAME, Config()), "cpu")
    for n in range(5):
        host.ask(request(n), time.monotonic())
    frame = host.newest()
    assert frame is not None
    assert frame.seconds == 4
    assert host.newest() is None


def test_inline_raises_what_the_generator_raises() -> None:
    host = InlineHost(open_spec(NAME, Config()), "cpu")
    host.ask(request(0, act=1), time.monotonic())
    with pytest.raises(RuntimeError, match="asked to fail"):
        host.newest()


def test_without_a_faster_path_a_film_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def warm_up(self: object) -> None:
        raise MemoryError("no room for a graph")

    slow = importlib.import_module(NAME)
    monkeypatch.setattr(slow.Slow, "warm_up", warm_up, raising=False)
    said: list[str] = []
    host = InlineHost(open_spec(NAME, Config()), "cpu", notify=said.append)
    host.ask(request(0.0))
    assert host.newest() is not None
    (text,) = said
    assert "no faster path: MemoryError: no room for a graph" in text
    with pytest.raises(MemoryError):
        InlineHost(open_spec(NAME, Config()), "cpu")


# Pixels


@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_are_finite_clamped_and_the_same_from_torch_and_numpy(channels: int) -> None:
    import torch

    pixels = np.random.default_rng(1).normal(0.5, 1, (1, channels, 6, 8)).astype(np.float32)
    pixels[0, 0, :3, 0] = np.nan, np.inf, -np.inf
    ours, theirs = finish(pixels), finish(torch.from_numpy(pixels)).numpy()
    assert np.array_equal(ours, theirs)
    assert ours.shape == (6, 8, 4)
    assert ours.dtype == np.float16
    assert ours[:3, 0, 0].tolist() == [0, 1, 0]
    assert ours.min() >= 0
    assert ours.max() <= 1
    assert np.allclose(ours[3, 5, :channels], np.clip(pixels[0, :, 3, 5], 0, 1), atol=1e-3)
    assert channels == 4 or (ours[..., 3] == 1).all()


@pytest.mark.parametrize("shape", [(3, 4, 4), (2, 3, 4, 4), (1, 2, 4, 4)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a generator gives pixels of"):
        finish(np.zeros(shape, np.float32))


# Worker


def test_a_worker_gives_the_pixels_of_the_inline_host(opened: list[WorkerHost | Spare]) -> None:
    host, inline = open_slow(opened), InlineHost(open_spec(NAME, Config()), "cpu")
    assert host.spec == inline.spec
    for n in range(1, 4):
        for either in (host, inline):
            either.ask(request(n, level=n / 4), 0.0)
        there, here = wait_frame(host), inline.newest()
        assert here is not None
        assert np.array_equal(there.pixels, here.pixels)
        assert (there.seconds, there.sequence) == (here.seconds, here.sequence)
        assert there.latents["z"].tolist() == here.latents["z"].tolist()
    assert host.stats().state == "ready"
    assert host.stats().device == "cpu"


def test_a_slow_generator_never_holds_up_asking_or_reading(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened, Config(delay_s=0.5))
    host.ask(request(-1), time.monotonic())
    wait_frame(host)
    before = host.stats().frames
    for n in range(1000):
        host.tend(n / 60)
        host.ask(request(n), n / 60)
        host.newest()
    assert host.stats().frames - before < 100  # if each had been waited for, it would be 1000
    assert wait_frame(host, lambda f: f.seconds == 999).seconds == 999  # the newest wins
    assert host.stats().frames - before < 200


def test_only_the_newest_frame_is_read(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened)
    for n in range(1, 9):
        host.ask(request(n), n)
        wait(host, lambda n=n: host.stats().frames == n, now_s=n)
    frame = host.newest()
    assert frame is not None
    assert (frame.sequence, frame.seconds) == (8, 8)
    assert host.newest() is None


def test_requests_are_posted_at_the_rate_cap_and_the_newest_is(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened, rate_cap_hz=15)
    for n in range(601):  # ten seconds of a display at 60 Hz
        host.tend(n / 60)
        host.ask(request(n), n / 60)
    last = wait_frame(host, lambda f: f.seconds >= 597, now_s=10.0)
    assert 149 <= last.request <= 152


def test_a_request_held_back_by_the_cap_is_posted_by_tend(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened, rate_cap_hz=1)
    for n in range(4):
        host.ask(request(n), 5.0)
    assert wait_frame(host, now_s=5.5).seconds == 0
    assert wait_frame(host, now_s=6.5).seconds == 3


@pytest.mark.parametrize("how", ["kill", "crash"])
def test_a_dead_worker_is_replaced_and_the_frames_go_on(
    how: str, opened: list[WorkerHost | Spare]
) -> None:
    host = open_slow(opened)
    host.ask(request(0), time.monotonic())
    first = wait_frame(host)
    pid = host.stats().pid
    if how == "kill":
        os.kill(pid, signal.SIGKILL)
    else:
        host.ask(request(0, act=2), time.monotonic())
    wait(host, lambda: host.stats().restarts == 1)
    assert host.stats().state.startswith("failed: the worker of 'slow' ")
    host.ask(request(7), time.monotonic())
    frame = wait_frame(host)
    assert (frame.seconds, frame.sequence) == (7, first.sequence + 1)
    # A frame comes through shared memory, the word through a pipe: it may be read a moment later.
    wait(host, lambda: host.stats().state == "ready")
    assert host.stats().pid != pid
    assert host.stats().restarts == 1


def rest(host: WorkerHost, start_s: float, seconds: float) -> float:
    """Tend the host for so long by its own clock; return the end."""
    for n in range(round(seconds * 8) + 1):
        host.tend(start_s + n / 8)
    return start_s + seconds


def see(monkeypatch: pytest.MonkeyPatch, share: float | None) -> None:
    """Let every worker get a share of a core that it wants (by eighths of a second), or sleep."""
    looks = itertools.count(1)

    def look(_: int) -> liveness.Vitals:
        return liveness.Vitals(next(looks) / 8 * (share or 0.0), share is not None, False)

    monkeypatch.setattr(liveness, "look", look)


def busy(opened: list[WorkerHost | Spare], act: float = 3.0, **more: object) -> WorkerHost:
    """A worker that gave a picture and is now at another one, which it will never finish."""
    host = open_slow(opened, **more)  # type: ignore[arg-type]
    host.ask(request(0), 0.0)
    wait_frame(host, now_s=0.0)
    wait(host, lambda: host.stats().state == "ready", now_s=0.0)
    host.ask(request(0, act=act), 1.0)
    until(lambda: host._requests.seen == host._requests.head, "the worker to begin")
    host.tend(1.0)
    return host


@pytest.mark.parametrize(("share", "hangs_s"), [(1.0, 1.5), (0.5, 3.0), (None, 1.5)])
def test_a_hung_worker_is_killed_and_replaced(
    opened: list[WorkerHost | Spare],
    monkeypatch: pytest.MonkeyPatch,
    share: float | None,
    hangs_s: float,
) -> None:
    """It hangs if it does nothing, or got so much of a core for nothing."""
    see(monkeypatch, share)
    host = busy(opened)
    pid = host.stats().pid
    now_s = rest(host, 1.0, hangs_s)
    assert (host.stats().pid, host.stats().state) == (pid, "ready")
    now_s = rest(host, now_s, 0.5)
    wait(host, lambda: host.stats().restarts == 1, now_s=now_s)
    assert host.stats().state == "failed: the worker of 'slow' hung for 1.5 s"
    wait(host, lambda: host.stats().state == "ready", now_s=now_s)
    assert host.stats().pid != pid


def test_a_starved_worker_is_never_killed(
    opened: list[WorkerHost | Spare], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour on a machine whose cores are others' entirely."""
    see(monkeypatch, 0.0)
    host = busy(opened)
    pid = host.stats().pid
    rest(host, 1.0, 3600.0)
    assert (host.stats().pid, host.stats().restarts, host.stats().state) == (pid, 0, "ready")


def test_the_first_frame_may_take_as_long_as_loading(
    opened: list[WorkerHost | Spare], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the first one after a restart."""
    see(monkeypatch, None)
    host = open_slow(opened, Config(delay_s=1000.0), policy=Policy(start_s=40))
    wait(host, lambda: host.stats().state == "ready", now_s=0.0)
    host.ask(request(0), 0.0)
    until(lambda: host._requests.seen == 1, "the worker to begin")
    host.tend(0.0)
    now_s = rest(host, 0.0, 40.0)
    assert host.stats().state == "ready"
    now_s = rest(host, now_s, 0.5)
    wait(host, lambda: host.stats().restarts == 1, now_s=now_s)
    assert host.stats().state == "failed: the worker of 'slow' hung for 40 s"


@pytest.mark.parametrize(("dearest_s", "limit_s"), [(0.25, 1.5), (0.5, 2.0), (25.0, 100.0)])
def test_a_generator_that_is_known_to_be_slow_is_given_time(
    opened: list[WorkerHost | Spare],
    monkeypatch: pytest.MonkeyPatch,
    dearest_s: float,
    limit_s: float,
) -> None:
    see(monkeypatch, 1.0)
    host = busy(opened)
    host._watchdog._dearest_s = dearest_s
    now_s = rest(host, 1.0, limit_s)
    assert host.stats().state == "ready"
    now_s = rest(host, now_s, 0.5)
    wait(host, lambda: host.stats().restarts == 1, now_s=now_s)
    assert host.stats().state.endswith(f"hung for {limit_s:g} s")


def test_what_a_picture_took_is_learned_and_forgotten(
    opened: list[WorkerHost | Spare], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the time in which it had its chance, of the first picture on."""
    see(monkeypatch, 1.0)
    gate = tmp_path / "gate"
    host = open_slow(opened, Config(gate=str(gate)))
    wait(host, lambda: host.stats().state == "ready", now_s=0.0)
    host.ask(request(0), 0.0)
    until(lambda: host._requests.seen == 1, "the worker to begin")
    host.tend(0.0)
    rest(host, 0.0, 10.0)
    gate.touch()
    wait_frame(host, now_s=10.0)
    host.tend(10.0)
    dearest = [host._watchdog._dearest_s]
    assert dearest[0] == pytest.approx(10.0, abs=0.2)
    for n in range(1, 9):
        host.ask(request(n), 10.0 + n)
        wait_frame(host, lambda f, n=n: f.seconds == n, now_s=10.0 + n)
        host.tend(10.0 + n)
        dearest.append(host._watchdog._dearest_s)
    assert dearest[-1] == pytest.approx(dearest[0] * 0.9**8)


def test_what_it_does_before_it_plays_is_told(
    opened: list[WorkerHost | Spare], tmp_path: Path
) -> None:
    gate, warm_gate = tmp_path / "gate", tmp_path / "warm"
    host = open_slow(opened, Config(gate=str(gate), warm_gate=str(warm_gate)))
    assert host.stats().doing == "is loading"
    wait(host, lambda: host.stats().state == "ready")
    assert host.stats().doing == "draws its first picture"
    host.ask(request(0), time.monotonic())
    gate.touch()
    wait(host, lambda: host.stats().doing.startswith("compiles faster loops"))
    warm_gate.touch()
    for n in itertools.count(1):
        host.ask(request(n), time.monotonic())
        wait_frame(host, lambda f, n=n: f.seconds == n)
        host.tend(time.monotonic())
        if not host.stats().doing:
            break


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells")
@pytest.mark.parametrize("how", ["stop", "loop", "sleep"])
def test_one_that_really_hangs_is_replaced_twice(
    how: str, opened: list[WorkerHost | Spare]
) -> None:
    """As the system tells it; the clock of the host runs as fast as it is tended."""
    act = {"stop": 0.0, "loop": 5.0, "sleep": 3.0}[how]
    host = open_slow(opened, policy=Policy(hang_s=0.3))
    clock = itertools.count()

    def tended() -> float:
        now_s = next(clock) / 20
        host.tend(now_s)
        return now_s

    for n in (1, 2):
        host.ask(request(n), tended())
        until(lambda n=n: (tended(), host.newest(), host.stats().frames >= n)[-1], host.stats)
        if how == "stop":
            os.kill(host.stats().pid, signal.SIGSTOP)
        else:
            host.ask(request(0, act=act), tended())
        until(lambda n=n: (tended(), host.stats().restarts == n)[-1], host.stats)
    host.ask(request(3), tended())
    found = until(lambda: (tended(), host.newest())[-1], host.stats)
    assert found.seconds == 3


def test_a_worker_that_is_stopped_while_it_loads_is_replaced(
    opened: list[WorkerHost | Spare], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "look", lambda _: liveness.Vitals(0.0, False, True))
    host = open_slow(opened)
    host._watchdog._is_ready = False
    rest(host, 0.0, 0.75)
    assert host.stats().restarts == 0
    wait(host, lambda: host.stats().restarts == 1, now_s=rest(host, 0.75, 1.0))
    assert host.stats().state == "failed: the worker of 'slow' was stopped from outside"


def test_a_worker_that_is_asked_nothing_is_left_in_peace(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened)
    host.ask(request(0), 0.0)
    wait(host, lambda: host.stats().frames == 1, now_s=0.0)  # not even read
    for hours in range(1, 5):
        host.tend(3600.0 * hours)
    assert host.stats().restarts == 0
    assert host.stats().state == "ready"


def test_a_failed_request_is_reported_and_the_next_one_served(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened)
    host.ask(request(0, act=1), time.monotonic())
    wait(host, lambda: bool(host.stats().error))
    assert host.stats().error.startswith("RuntimeError: asked to fail (slow_generator.py:")
    assert host.stats().state == "ready"
    host.ask(request(1), time.monotonic())
    assert wait_frame(host).seconds == 1
    assert host.stats().error == ""
    assert host.stats().restarts == 0


def test_a_generator_that_cannot_be_built_says_why(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened, Config(breaks="build"))
    clock = itertools.count()
    wait(host, lambda: (host.tend(next(clock) / 10), host.stats().restarts >= 2)[1], now_s=0.0)
    assert host.stats().state.startswith("failed: OSError: weights.safetensors: not found (")
    assert host.newest() is None


def test_a_truncated_file_is_a_failure_and_not_the_end_of_the_player(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened, Config(breaks="end"))
    wait(host, lambda: host.stats().restarts > 0)
    assert host.stats().state.startswith("failed: EOFError: weights.safetensors ends early (")


def test_restarts_become_rarer() -> None:
    pauses = [pause_s(n) for n in range(1, 2000)]
    assert pauses[:2] == [0, 0]
    assert pauses == sorted(pauses)
    assert pauses[2] > 0
    assert pauses[-1] == 5


def test_a_request_larger_than_the_slots_is_refused(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened)
    with pytest.raises(ValueError, match="17x16 is more than the 256 pixels"):
        host.ask(Request(0, {"z": np.zeros(4, np.float32)}, size_px=(17, 16)), 0.0)


def test_closing_leaves_no_process_and_no_shared_memory(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened, Config(delay_s=0.5))
    host.ask(request(0), time.monotonic())
    wait_frame(host)
    host.ask(request(1), time.monotonic())  # it is in the middle of something
    pid, names = host.stats().pid, (host._requests.name, host._frames.name)
    host.close()
    host.close()
    wait_end(pid)
    for name in names:
        with pytest.raises(FileNotFoundError):
            SharedMemory(name)
    host.tend(1.0)
    host.ask(request(2), time.monotonic())
    assert host.newest() is None


def test_closing_while_the_worker_still_starts(opened: list[WorkerHost | Spare]) -> None:
    host = open_slow(opened)
    pid = host.stats().pid
    host.close()
    wait_end(pid)


def test_a_worker_imports_neither_the_app_nor_what_the_player_runs(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened)
    host.ask(request(0, act=4), time.monotonic())
    wait(host, lambda: bool(host.stats().error))
    assert host.stats().error.startswith("RuntimeError: has numpy (")


def test_spares_take_over_twice_at_once(opened: list[WorkerHost | Spare]) -> None:
    spare = Spare(modules=("json",), delay_s=0.0)
    host = open_slow(opened, spare=spare)
    opened.append(spare)
    host.ask(request(0), time.monotonic())
    wait_frame(host)
    wait(host, lambda: spare.is_complete)
    waiting = [child.pid for child in spare._loaded]
    for n, pid in enumerate(waiting, 1):
        os.kill(host.stats().pid, signal.SIGKILL)
        wait(host, lambda n=n: host.stats().restarts == n)
        host.ask(request(n), time.monotonic())
        assert wait_frame(host, lambda f, n=n: f.seconds == n).seconds == n
        assert host.stats().pid == pid
    wait(host, lambda: spare.is_complete)  # and there are new ones
    again = [child.pid for child in spare._loaded]
    assert not set(again) & set(waiting)
    spare.close()
    spare.close()
    for pid in again:
        wait_end(pid)


def test_a_spare_that_died_is_no_help_and_no_harm(opened: list[WorkerHost | Spare]) -> None:
    spare = Spare(modules=("no_such_module",), delay_s=0.0, count=1)
    opened.append(spare)
    spare.tend(0.0)
    pid = spare.pid
    until(lambda: spare.is_loaded, "the spare")
    os.kill(pid, signal.SIGKILL)
    wait_end(pid)
    assert spare.take() is None
    spare.tend(1.0)
    os.kill(spare.pid, signal.SIGKILL)
    wait_end(spare.pid)
    spare.tend(2.0)
    assert spare.pid not in (0, pid)


def test_a_spare_that_is_still_loading_stays_where_it_is(
    opened: list[WorkerHost | Spare],
) -> None:
    spare = Spare(modules=("tests.stand_ins.slow_import",), delay_s=0.0)
    opened.append(spare)
    spare.tend(0.0)
    assert spare.take() is None
    assert spare.pid


ORPHAN = """
import os, time, sys
from engine.generators.host.worker_host import open_worker
from engine.generators.registry import open_spec
from engine.system import liveness
from tests.stand_ins.slow_generator import Config
from tests.generators.host.test_worker_host import request
opened = open_spec("tests.stand_ins.slow_generator", Config(delay_s=1000.0))
host = open_worker(opened, "cpu", max_size_px=(16, 16), rate_cap_hz=15)
host.ask(request(0), time.monotonic())
while host.stats().state != "ready":
    host.tend(time.monotonic())
print(host.stats().pid, host._requests.name, host._frames.name, flush=True)
time.sleep(1000)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 on Windows")
def test_nothing_outlives_a_killed_player() -> None:
    player = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert player.stdout is not None
    pid, *names = player.stdout.readline().split()
    player.kill()
    player.communicate()
    until(lambda: not is_running(int(pid)), "the end of the worker")
    until(lambda: not any(Path("/dev/shm", n).exists() for n in names), "the memory to go")
    assert names


QUIET = """
import time
from engine.generators.host.worker_host import open_worker
from engine.generators.registry import open_spec
from engine.system import liveness
from tests.stand_ins.slow_generator import Config
from tests.generators.host.test_worker_host import request
opened = open_spec("tests.stand_ins.slow_generator", Config())
host = open_worker(opened, "cpu", max_size_px=(16, 16), rate_cap_hz=15)
host.ask(request(0), time.monotonic())
while host.newest() is None:
    host.tend(time.monotonic())
CLOSE
"""


@pytest.mark.parametrize("end", ["host.close()", "pass"])
def test_a_player_ends_without_a_word_on_stderr_about_its_workers(end: str) -> None:
    code = QUIET.replace("CLOSE", end)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    leaks = [line for line in done.stderr.splitlines() if "leaked" not in line]
    assert not leaks or (end == "pass" and "resource_tracker" in done.stderr)
    assert "Traceback" not in done.stderr
    assert end == "pass" or done.stderr == ""


# Names and devices


def test_generators_are_named_by_module() -> None:
    from engine.generators.kinds import cppn

    assert open_spec("cppn", cppn.Config()).module == "engine.generators.kinds.cppn"
    assert open_spec(NAME, Config()).module == NAME
    with pytest.raises(ValueError, match="there is no generator"):  # from a show
        open_spec(NAME, {})


@pytest.mark.parametrize("name", ["", "a b", "../x", "a..b", "os;x"])
def test_what_is_no_generator_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a generator"):
        open_spec(name, Config())


def test_a_missing_generator_is_named() -> None:
    with pytest.raises(ValueError, match="'no_such_thing' cannot be loaded"):
        open_spec("no_such_thing", Config())


# Pace


@given(
    period=st.floats(0.005, 2), share=st.floats(0.05, 1), frames=st.integers(30, 60)
)  # fmt: skip
def test_the_lead_is_a_period_and_a_turnaround(period: float, share: float, frames: int) -> None:
    pace = Latency()
    for n in range(frames):
        pace = note_arrival(pace, n * period, 1, share * period, 0.0)
    assert look_ahead_s(pace, 1.0) == pytest.approx(min((1 + share) * period, 8.0))
    assert rate_hz(pace, frames * period) == pytest.approx(1 / period)
    assert rate_hz(pace, (frames + 99) * period) == pytest.approx(0.01 / period, rel=0.02)


def test_one_late_frame_moves_the_lead_little() -> None:
    pace = Latency()
    for n in range(50):
        pace = note_arrival(pace, n / 10, 1, 0.1, 0.0)
    late = note_arrival(pace, 30.0, 1, 25.0, 0.0)
    assert look_ahead_s(late, 1.0) < 1.5 * look_ahead_s(pace, 1.0)


def test_a_hidden_layer_that_is_asked_now_and_then_keeps_its_lead() -> None:
    pace = Latency()
    for n in range(50):
        pace = note_arrival(pace, n / 10, 1, 0.05, 0.0, asked_period_s=0.1)
    rested = pace
    for n in range(100):
        rested = note_arrival(rested, 10.0 + 4.0 * n, 1, 0.05, 0.0, asked_period_s=0.1)
    assert look_ahead_s(rested, 0.1) < 1.6 * look_ahead_s(pace, 0.1)


def test_before_anything_is_known_the_lead_follows_the_cap() -> None:
    assert look_ahead_s(Latency(), 1 / 15) == pytest.approx(2 / 15)


# The embedded generator


def test_the_embedded_generator_runs_in_a_worker(opened: list[WorkerHost | Spare]) -> None:
    cppn = importlib.import_module("engine.generators.kinds.cppn")
    config = cppn.Config()
    host = open_worker(open_spec("cppn", config), "cpu", max_size_px=(64, 64), rate_cap_hz=1e9)
    opened.append(host)
    inline = InlineHost(open_spec("cppn", config), "cpu")
    rng = np.random.default_rng(5)
    latents = {p.name: rng.standard_normal(p.shape).astype(np.float32) for p in host.spec.ports}
    for either in (host, inline):
        either.ask(Request(1.0, latents, size_px=(64, 64)), 0.0)
    here, there = inline.newest(), wait_frame(host)
    assert here is not None
    assert there.pixels.shape == (64, 64, 4)
    assert np.abs(there.pixels.astype(float) - here.pixels.astype(float)).max() < 2 / 255


# CUDA


def test_the_last_frame_of_a_dead_worker_whose_ring_is_gone_is_left_out(
    opened: list[WorkerHost | Spare],
) -> None:
    host = open_slow(opened)
    wait(host, lambda: host.stats().state == "ready")
    empty = np.empty((4, 4, 0), np.float16)
    host._frames.write(encode_frame(Frame(0.0, 0, empty, {}, device_slot=1)))
    assert host.newest() is None
    host.ask(request(2.0))
    assert wait_frame(host).seconds == 2.0


def test_what_torch_keeps_of_a_killed_worker_is_removed(tmp_path: Path) -> None:
    for name in ("torch_12_345_0", "torch_12_345_1", "torch_123_4_0", "psm_12"):
        (tmp_path / name).write_bytes(b"counter")
    cuda_ring.forget(12, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["psm_12", "torch_123_4_0"]


def test_handles_of_a_cuda_ring_cross_as_json() -> None:
    handles = [b"\x00\xff handle", 123, 4, b"counter", 5, b"", True]
    text = json.loads(json.dumps([cuda_ring._to_text(value) for value in handles]))
    assert cuda_ring._split(text) == [*handles[:3], False, *handles[3:]]


@pytest.mark.cuda
def test_pictures_stay_on_the_device(opened: list[WorkerHost | Spare]) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    cppn = importlib.import_module("engine.generators.kinds.cppn")
    options = {"max_size_px": (64, 64), "rate_cap_hz": 1e9, "shares_cuda": True}
    host = open_worker(open_spec("cppn", cppn.Config()), "cuda", **options)
    opened.append(host)
    inline = InlineHost(open_spec("cppn", cppn.Config()), "cuda")
    latents = {p.name: np.ones(p.shape, np.float32) for p in host.spec.ports}
    for either in (host, inline):
        either.ask(Request(1.0, latents, size_px=(64, 48)))
    here, there = inline.newest(), wait_frame(host)
    assert here is not None
    assert there.pixels.shape == (48, 64, 0)
    assert there.share is not None
    assert there.device_slot is not None
    target = torch.empty(48 * 64 * 4, dtype=torch.float16, device="cuda")
    view = cuda_ring.CudaView(dict(there.share))
    view.copy_to(there.device_slot, target, torch.cuda.current_stream())
    assert np.allclose(target.reshape(48, 64, 4).cpu().numpy(), here.pixels, atol=2 / 255)


@pytest.mark.cuda
def test_a_worker_that_is_killed_takes_no_picture_of_the_player_with_it(
    opened: list[WorkerHost | Spare],
) -> None:
    """Its device memory goes; the picture that was copied stays, the next worker shares anew."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    cppn = importlib.import_module("engine.generators.kinds.cppn")
    options = {"max_size_px": (64, 64), "rate_cap_hz": 1e9, "shares_cuda": True}
    host = open_worker(open_spec("cppn", cppn.Config()), "cuda", **options)
    opened.append(host)
    latents = {p.name: np.ones(p.shape, np.float32) for p in host.spec.ports}
    host.ask(Request(1.0, latents, size_px=(64, 48)))
    first = wait_frame(host)
    assert first.share is not None
    assert first.device_slot is not None
    copied = torch.empty(48 * 64 * 4, dtype=torch.float16, device="cuda")
    view = cuda_ring.CudaView(dict(first.share))
    view.copy_to(first.device_slot, copied, torch.cuda.current_stream())
    before = copied.cpu()
    os.kill(host.stats().pid, signal.SIGKILL)
    wait(host, lambda: host.stats().restarts == 1)
    host.ask(Request(2.0, latents, size_px=(64, 48)))
    second = wait_frame(host, lambda frame: frame.seconds == 2.0)
    assert second.share is not None
    assert dict(second.share) != dict(first.share)
    fresh = cuda_ring.CudaView(dict(second.share))
    fresh.copy_to(second.device_slot or 0, copied, torch.cuda.current_stream())
    assert torch.equal(copied.cpu(), before)
