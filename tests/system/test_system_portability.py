"""What only some systems have stands behind one interface; both ways are tried here."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

import pytest

from engine.system import interrupts, limits, priority, sockets, spawn

ELSEWHERE = ["linux", "darwin", "win32"]


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=spawn.environment()
    )


# Child processes


def answer(pipe: Connection, number: int) -> None:
    pipe.send((number, signal.getsignal(signal.SIGINT) == signal.SIG_IGN, sys.modules["__main__"]
               .__dict__.get("__file__")))  # fmt: skip


@pytest.mark.parametrize("has_masks", [True, False])
def test_a_child_answers_and_leaves_the_interrupt_to_us(
    has_masks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_masks:
        monkeypatch.delattr(signal, "pthread_sigmask", raising=False)
    before = sys.modules["__main__"]
    process, pipe = spawn.launch_with_pipe(answer, 7, name="test")
    assert sys.modules["__main__"] is before
    assert pipe.recv() == (7, True, None)
    process.join()
    assert process.exitcode == 0
    with pytest.raises(EOFError):
        pipe.recv()


def test_who_is_an_orphan_is_known_on_posix_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not spawn.is_orphan(os.getppid())
    assert spawn.is_orphan(-1) == (os.name == "posix")
    monkeypatch.setattr(os, "name", "nt")
    assert not spawn.is_orphan(-1)


# Bounds


def test_a_process_out_of_time_is_told_by_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.was_out_of_time(-9) == hasattr(signal, "SIGKILL")
    assert not limits.was_out_of_time(0)
    for name in ("SIGXCPU", "SIGKILL"):
        monkeypatch.delattr(signal, name, raising=False)
    assert not limits.was_out_of_time(-9)
    assert not limits.was_out_of_time(0)


def test_where_nothing_can_be_bound_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not limits.bound(1 << 30, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux bounds memory")
def test_a_bound_process_takes_no_more() -> None:
    done = run("from engine.system import limits\nassert limits.bound(1 << 28, 9)\nbytes(1 << 29)")
    assert "MemoryError" in done.stderr


def test_a_process_that_hangs_ends_by_itself() -> None:
    # A thread that holds Python's lock for ever, as a driver may.
    script = (
        "import re\nfrom engine.system import limits\nlimits.end_after(0.5)\n"
        "print('here', flush=True)\nre.match('(a+)+b', 'a' * 64)"
    )
    done = run(script)
    assert (done.stdout.strip(), done.stderr) == ("here", "")
    assert limits.was_out_of_time(done.returncode) or done.returncode == 1  # Windows


# Priorities, sockets, signals


@pytest.mark.parametrize("system", ELSEWHERE)
def test_a_thread_gives_way_where_it_can(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_real = system == "linux" == sys.platform
    if not is_real:
        monkeypatch.setattr(sys, "platform", "darwin" if system == "linux" else system)
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(priority.lower_thread(5)))
    thread.start()
    thread.join()
    assert found == [is_real]


def test_a_process_gives_way_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append, raising=False)
    assert priority.lower_process(3)
    assert not priority.lower_process(0)
    monkeypatch.delattr(os, "nice")
    assert not priority.lower_process(3)
    assert asked == [3]


@pytest.mark.parametrize("system", ELSEWHERE)
def test_lost_packets_are_counted_where_the_kernel_tells(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_linux = sys.platform == "linux"
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR, raising=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        sockets.keep_port(listener)
        set_ = listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert bool(set_) == (system == "win32")
        listener.bind(("127.0.0.1", 0))
        drops = sockets.dropped_packets(listener)
    assert drops == (0 if system == "linux" and is_linux else None)


def test_signals_that_a_system_lacks_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "NAMES", ("SIGINT", "SIGNEVER"))
    before = signal.getsignal(signal.SIGINT)
    with interrupts.noted() as found:
        signal.raise_signal(signal.SIGINT)
        assert found.is_asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before
