"""Starting the commands as a user does: real processes, waited for by what they do, not by time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.places import ROOT

LIMIT_S = 300.0  # only against hanging, on a machine that is busy; nothing is asserted about it
COMMAND = [sys.executable, "-m", "engine.app.cli.main"]
PATIENT = """
from engine.play.live import player
assert player.FIRST_FRAME_S
assert player.SHADERS_S
player.SHADERS_S = 600.0
player.FIRST_FRAME_S = 600.0  # however busy the machine is, the show begins with a picture
from engine.play.pixels import startup
assert startup.TELL_AFTER_S
startup.TELL_AFTER_S = 600.0  # and nothing is said of how long that takes
from engine.app.cli.main import main
main()
"""


def latent_cinema(
    *words: object,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    is_patient: bool = False,
):
    """Run a command to its end; a patient one waits for its first picture, or why there is none."""
    command = [sys.executable, "-c", PATIENT] if is_patient else COMMAND
    return subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, timeout=LIMIT_S, cwd=cwd,
        env={**os.environ, **(env or {})}, check=False,
    )  # fmt: skip


def succeed(*words: object, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; return what it printed."""
    done = latent_cinema(*words, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inside_jack(program: str, *words: object, env: dict[str, str] | None = None) -> Any:
    """Run a file as a program beside a JACK server; gives the JSON of its last line.

    Skips the test where JACK is missing or does not start.
    """
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed: apt-get install jackd2")
    done = subprocess.run(
        [str(ROOT / ".ci" / "with-jack"), sys.executable, str(Path(program)), *map(str, words)],
        capture_output=True, text=True, timeout=1200,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )  # fmt: skip
    if done.returncode == 99:
        pytest.skip(f"jackd does not start here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def until(found: Callable[[], Any], what: object, *, bound_s: float = LIMIT_S) -> Any:
    """Wait until something is true, and return it: the one way in which tests wait.

    Parameters
    ----------
    found
        Asked again and again; also does what brings it about, such as tending a host.
    what
        For the sentence if it never comes; what can be called is called then.
    """
    begin = time.monotonic()
    while not (value := found()):
        is_late = time.monotonic() - begin > bound_s
        assert not is_late, f"waited in vain for: {what() if callable(what) else what}"
        time.sleep(0.005)
    return value


class Playing:
    """A performance in a process of its own."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process
        self.pid = process.pid

    @property
    def said(self) -> str:
        return (self.folder / "stderr").read_text("utf-8")

    def ready(self) -> dict[str, Any]:
        path = self.folder / "ready.json"
        until(lambda: path.exists() or self.process.poll() is not None, "the first picture")
        assert path.exists(), self.said
        return json.loads(path.read_text())

    def hears(self, text: str) -> None:
        """Wait until it says something."""
        until(lambda: text in self.said or self.process.poll() is not None, text)
        assert text in self.said, self.said

    def end(self, number: int = signal.SIGINT) -> int:
        """End it by a signal; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)

    def stats(self) -> dict[str, Any]:
        """Wait for the end, and read the figures."""
        code = self.process.wait(LIMIT_S)
        assert code == 0, self.said
        return json.loads((self.folder / "stats.json").read_text())

    def records(self, text: str, count: int = 1) -> None:
        """Wait until its take holds a text so often: then what it stands for has happened."""
        parts = self.folder / "take" / "parts"
        until(
            lambda: sum(p.read_text("utf-8").count(text) for p in parts.glob("*.jsonl")) >= count,
            text,
        )

    def plan(self) -> dict[str, np.ndarray]:
        return read_plan(self.folder / "plan.npz")


def lamp(folder: Path) -> dict[str, str]:
    """Install test generators as a third party's ``lamp`` and ``echo``; return the environment."""
    info = folder / "installed" / "lamp-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lamp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[latent_cinema.generators]\n"
        "lamp = tests.stand_ins.slow_generator\necho = tests.stand_ins.echo_generator\n"
    )
    there = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join([str(info.parent), there])}


def homes(folder: Path) -> dict[str, str]:
    """Folders of a user of its own: what is kept beside shows, and mappings."""
    return {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}


@contextmanager
def play(folder: Path, show: object, *words: object) -> Iterator[Playing]:
    """Play without a window; everything that it writes lies in `folder`."""
    folder.mkdir(exist_ok=True)
    command = [
        sys.executable, "-c", PATIENT, "play", show,
        "--output", "null", "--osc", "127.0.0.1:0", "--audio", "off", "--device", "cpu",
        "--ready", folder / "ready.json", "--stats", folder / "stats.json",
        "--plan", folder / "plan.npz", "--take", folder / "take", *words,
    ]  # fmt: skip
    environment = {**os.environ, **homes(folder), **lamp(folder)}
    with (folder / "stderr").open("w") as err:
        process = subprocess.Popen(list(map(str, command)), stderr=err, env=environment)
    try:
        yield Playing(folder, process)
    finally:
        process.kill()
        process.wait()


def read_plan(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


def same_rows(one: dict[str, np.ndarray], other: dict[str, np.ndarray], count: int) -> None:
    """Compare the first `count` rows of two plan files bit for bit."""
    assert one.keys() == other.keys()
    assert min(len(one["tick"]), len(other["tick"])) >= count > 0
    for address in one:
        a, b = one[address][:count], other[address][:count]
        assert a.tobytes() == b.tobytes(), address


def replay(folder: Path) -> dict[str, np.ndarray]:
    """Plan of the take of a performance."""
    succeed("plan", folder / "take", "--out", folder / "again.npz", env=lamp(folder))
    return read_plan(folder / "again.npz")


def descendants(pid: int) -> set[int]:
    """Processes below one (Linux)."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
    found: set[int] = set()
    while more := {p for p, above in parents.items() if above in found | {pid}} - found:
        found |= more
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs (Linux); a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def shared_memory(pids: set[int]) -> set[Path]:
    """Shared memory that processes have mapped (Linux)."""
    found = set()
    for pid in pids:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if "/dev/shm/" in line:
                found.add(Path(line[line.index("/dev/shm/") :].removesuffix(" (deleted)")))
    return {path for path in found if path.exists()}


def save_wav(path: Path, pcm: np.ndarray, rate_hz: int) -> None:
    """Write 16-bit PCM [shape=(n,) or (n, channels)]; full scale is ±1."""
    whole = np.clip(np.rint(pcm.astype(np.float32) * 32768.0), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if pcm.ndim == 1 else pcm.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(whole.tobytes())


def click_wav(path: Path, at: int, length: int, rate_hz: int = 48000) -> Path:
    """A sound file that is silent but for one loud decaying click that begins at a sample."""
    pcm = np.zeros((length, 2), np.float32)
    tail = np.arange(2000)
    burst = 0.9 * np.exp(-tail / 400) * np.where(tail % 2, -1.0, 1.0)
    pcm[at : at + len(tail)] = burst[:, None]
    save_wav(path, pcm, rate_hz)
    return path


def edit(path: Path, old: str, new: str) -> None:
    """Change a file as editors do: a new one takes its name."""
    text = path.read_text("utf-8")
    assert old in text
    fresh = path.with_name(path.name + "~")
    fresh.write_text(text.replace(old, new), "utf-8")
    fresh.replace(path)
