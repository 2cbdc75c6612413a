"""Real sound through JACK's loopback: capture, analysis, playback, and what dies on the way.

Run as a program, inside ``.ci/with-jack``, this file makes the measurements and prints them as
JSON; as tests it judges them. Without realtime priority JACK loses cycles on a loaded machine, so
nothing here asks for unbroken samples, and every wait has a generous end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from tests.performing import LIMIT_S, inside_jack

RATE_HZ = 48_000
TONE_HZ, OTHER_HZ = 997.0, 440.0
BURSTS = 5
CYCLES = 3

PLAYER = """
import sys
import numpy as np, sounddevice
cycle = np.load(sys.argv[1])
with sounddevice.OutputStream(48000, 256, "loopback", cycle.shape[1], "float32") as stream:
    while True:
        stream.write(cycle)
"""


def cycle() -> np.ndarray:
    """Four seconds: a tone of one second, silence, five bursts of noise."""
    rng = np.random.default_rng(7)
    out = np.zeros((4 * RATE_HZ, 2), np.float32)
    t = np.arange(RATE_HZ) / RATE_HZ
    fade = np.minimum(1.0, np.minimum(t, 1.0 - t) / 0.02)  # its end must not click
    out[:RATE_HZ] = (0.4 * fade * np.sin(2 * np.pi * TONE_HZ * t))[:, None]
    for i in range(BURSTS):
        begin = round((2.4 + 0.3 * i) * RATE_HZ)
        burst = 0.3 * rng.standard_normal((4800, 1)) * np.linspace(1, 0, 4800)[:, None]
        out[begin : begin + 4800] = burst
    return out


def peak_hz(samples: np.ndarray) -> float:
    """Frequency of the strongest partial of the loudest second."""
    best = max(
        (samples[i : i + RATE_HZ // 2, 0] for i in range(0, len(samples) - RATE_HZ // 2, 4800)),
        key=lambda part: float(np.abs(np.fft.rfft(part)).max()),
    )
    spectrum = np.abs(np.fft.rfft(best * np.hanning(len(best))))
    return float(np.argmax(spectrum)) * RATE_HZ / len(best)


class Listener:
    """Plays the player's part: tends, polls and keeps what comes, sixty times a second."""

    def __init__(self, sound: Any) -> None:
        self.sound = sound
        self.others: list[Any] = []
        self.rows: list[tuple[float, ...]] = []
        self.stamps: list[int] = []
        self.blocks: list[np.ndarray] = []

    def wait(self, until: Callable[[], bool], what: str) -> float:
        """Go on until something is so; the time that it took."""
        begin = time.monotonic()
        while not until():
            now = time.monotonic()
            if now - begin > LIMIT_S:
                raise SystemExit(f"waited in vain for: {what}; the sound is {self.sound.state}")
            for one in [self.sound, *self.others]:
                one.tend(now)
            polled = self.sound.poll(1000)
            self.stamps += [arrival_ns for arrival_ns, _, _ in polled]
            self.rows += [row for _, _, row in polled]
            self.blocks.append(self.sound.samples())
            time.sleep(1 / 60)
        return time.monotonic() - begin

    def clear(self) -> None:
        """Forget what was heard."""
        self.rows.clear()
        self.blocks.clear()

    @property
    def frames(self) -> int:
        """Number of frames heard."""
        return sum(map(len, self.blocks))

    def is_loud(self) -> bool:
        """Whether the newest row is sound."""
        return bool(self.rows) and self.rows[-1][0] > 0.3


@contextmanager
def external_player(path: str) -> Iterator[None]:
    """Let another program, not ours, play the cycle for ever."""
    player = subprocess.Popen([sys.executable, "-c", PLAYER, path])
    try:
        yield
    finally:
        player.kill()
        player.wait()


def measure(path: str) -> dict[str, Any]:
    """Everything that happens with sound, in one session."""
    from engine.sources.audio import audio as sound

    found: dict[str, Any] = {"devices": [d["name"] for d in sound.list_devices()]}
    np.save(path, cycle())
    with sound.open(sound.Config("loopback"), time.monotonic_ns) as source:
        ear = Listener(source)
        with external_player(path):
            ear.wait(lambda: source.state == "running", "the device")
            found["device"], found["channels"] = source.device_name, source.channels
            ear.wait(ear.is_loud, "the other program's sound")
            ear.clear()
            ear.wait(lambda: ear.frames > CYCLES * 4 * RATE_HZ, "three cycles")
            found["rows"] = ear.rows.copy()
            found["peak_hz"] = peak_hz(np.concatenate(ear.blocks))
            found["is_ordered"] = ear.stamps == sorted(ear.stamps)
            os.kill(source.pid, signal.SIGKILL)
            ear.wait(lambda: source.state != "running", "notice of the killed process")
            found["after_kill"] = source.state
            ear.wait(lambda: source.state == "running", "another process")
            ear.clear()
            ear.wait(ear.is_loud, "sound after the kill")
        found["playback"] = play_back(sound, ear)
        found["server"] = lose_server(ear)
        found["restarts"] = source.restarts
    return found


def play_back(sound: Any, ear: Listener) -> dict[str, Any]:
    """Hear our own playback through our own capture."""
    t = np.arange(20 * RATE_HZ) / RATE_HZ
    pcm = (0.4 * np.sin(2 * np.pi * OTHER_HZ * t)).astype(np.float32)[:, None]
    with sound.Playback(pcm, RATE_HZ, "loopback") as playback:
        ear.others = [playback]
        ear.wait(lambda: playback.state == "running", "the output")
        ear.wait(lambda: not ear.is_loud(), "silence before playback")
        playback.play(3.0, time.monotonic())
        ear.clear()
        ear.wait(ear.is_loud, "our own sound")
        ear.wait(lambda: ear.frames > 2 * RATE_HZ, "two seconds of it")
        found = {"peak_hz": peak_hz(np.concatenate(ear.blocks)), "position_s": playback.position_s}
        playback.stop()
        ear.wait(lambda: not ear.is_loud(), "silence after playback")
        found["position_after_stop_s"] = playback.position_s
        ear.others = []
    return found


def lose_server(ear: Listener) -> dict[str, Any]:
    """Kill the sound server under the capture, and start another."""
    os.kill(int(os.environ["WITH_JACK_PID"]), signal.SIGKILL)
    ear.wait(lambda: ear.sound.state != "running", "notice of the dead server")
    found: dict[str, Any] = {"state": ear.sound.state}
    ear.wait(lambda: ear.rows[-1][-1] == 1.0, "silence in the features")
    found["last"] = ear.rows[-1]
    before = ear.frames
    ear.wait(lambda: ear.frames > before + RATE_HZ // 4, "zeros in place of samples")
    found["filled"] = float(np.abs(ear.blocks[-1]).max(initial=0.0))
    name = os.environ["JACK_DEFAULT_SERVER"]
    command = ["jackd", "--no-realtime", "-n", name, "-L", "2", "-d", "dummy", "-r", "48000"]
    # The dead server's shared memory is swept by its successor.
    server = subprocess.Popen(
        [*command, "-p", "256"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        found["returned_s"] = ear.wait(lambda: ear.sound.state == "running", "the new server")
        found["state_at_last"] = ear.sound.state
    finally:
        server.terminate()  # one that is killed would keep its place among JACK's eight servers
        server.wait()
    return found


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("jack") / "cycle.npy"
    found: dict[str, Any] = inside_jack(__file__, path)
    return found


def test_the_device_is_found_by_name(measured: dict[str, Any]) -> None:
    assert {"system", "loopback"} <= set(measured["devices"])
    assert measured["device"] == "loopback"
    assert measured["channels"] == 2


def test_another_program_is_heard(measured: dict[str, Any]) -> None:
    rows = np.array(measured["rows"])
    assert rows[:, 0].max() > 0.8
    assert rows[:, 0].min() < 0.1
    assert rows[:, -1].max() == 1.0  # the pause is long enough to be called silence
    assert measured["is_ordered"]


def test_its_onsets_are_counted(measured: dict[str, Any]) -> None:
    rows = np.array(measured["rows"])
    places = np.flatnonzero(rows[:, 4])
    # A cycle that JACK lost inside the tone may be heard as an attack; one out of quiet is real.
    from_quiet = sum(rows[max(k - 10, 0), 0] < 0.4 for k in places)
    true = CYCLES * (BURSTS + 1)
    assert 0.6 * true <= from_quiet <= 1.4 * true


def test_its_samples_carry_its_pitch(measured: dict[str, Any]) -> None:
    assert abs(measured["peak_hz"] - TONE_HZ) < 10.0


def test_a_killed_process_is_replaced(measured: dict[str, Any]) -> None:
    assert measured["after_kill"] == "lost"
    assert measured["restarts"] >= 1


def test_playback_is_heard_and_stops(measured: dict[str, Any]) -> None:
    heard = measured["playback"]
    assert abs(heard["peak_hz"] - OTHER_HZ) < 10.0
    assert 3.5 < heard["position_s"] <= 20.0
    assert heard["position_after_stop_s"] is None


def test_a_dead_server_is_survived(measured: dict[str, Any]) -> None:
    server = measured["server"]
    assert server["state"] == "lost"
    assert server["last"][:8] == [0.0] * 8
    assert server["filled"] == 0.0
    assert server["state_at_last"] == "running"


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
