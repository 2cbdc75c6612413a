"""What a show that plays long leaves behind: full collections, memory and open files, as JSON.

    python -m bench.soak [--show default] [--size 64x36] [--seconds 120] [--check]

Plays without a window and without a pace: each frame is the next one of 60 a second, drawn as soon
as the one before it is done, so that two minutes hold tens of thousands. Memory is what a process
has written and shares with nobody, looked at each second from outside, on Linux. The slope is that
of a line through the second half of the run, over the frames that were drawn meanwhile.
``--check`` exits with 1 if there was a full collection, if a process grows by more than 2 bytes a
frame, or if files stay open. What an allocator takes once is counted as if it went on: where fewer
than 50 000 frames are measured, ``--check`` allows two megabytes in all beside the slope.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.play.usage import open_files, private_bytes

MOST_SLOPE = 2.0
LONG_FRAMES = 100_000
FLOOR_BYTES = 2 << 20
PLAY = """
import sys
from engine.play.governor import Governor
from engine.play.pacer import Due, Pacer
Governor.begin = lambda self, busy_s: False
Governor.note = lambda self, now_s, busy_s, starved="": False
def wait(self):
    self.next += 1
    return Due(self.next - 1)
Pacer.wait = wait
from engine.play.live.player import Player
frame = Player._frame
def counted(self, due, seconds):
    frame(self, due, seconds)
    if due.index % 50 == 0:
        with open(sys.argv[-1] + ".frames", "w") as file:
            file.write(str(due.index))
Player._frame = counted
from engine.app.cli.main import main
sys.exit(main())
"""


def soak(show: str, size: str, seconds: float) -> dict[str, Any]:
    """Play that long, and look at the processes each second."""
    with tempfile.TemporaryDirectory() as name:
        ready, stats = Path(name) / "ready.json", Path(name) / "stats.json"
        frames = Path(f"{stats}.frames")
        words = [
            sys.executable, "-c", PLAY, "play", show, "--output", "null", "--size", size,
            "--osc", "127.0.0.1:0", "--audio", "off", "--ready", str(ready), "--stats", str(stats),
        ]  # fmt: skip
        with subprocess.Popen(words, text=True) as process:
            while not ready.exists() and process.poll() is None:
                time.sleep(0.2)
            rows, end = [], time.monotonic() + seconds
            pids = json.loads(ready.read_text())
            pids = {"main": pids["pid"], **pids["workers"]}
            while time.monotonic() < end and process.poll() is None:
                count = int(frames.read_text() or 0) if frames.exists() else 0
                row = {n: (private_bytes(p), open_files(p)) for n, p in pids.items()}
                rows.append((count, row))
                time.sleep(1.0)
            process.terminate()
            process.wait()
        report = json.loads(stats.read_text())
    half = rows[len(rows) // 2 :]
    return {
        "frames": report["frames"],
        "full_collections": report["full_collections"],
        "frames_measured": half[-1][0] - half[0][0],
        "bytes_a_frame": {name: _slope(half, name) for name in pids},
        "files_gained": {name: _gain(half, name) for name in pids},
        "load": os.getloadavg(),
    }


def _slope(rows: list[Any], name: str) -> float | None:
    """Slope through the memory of a process; None if it was not told, or another took its place."""
    points = [(count, row[name][0]) for count, row in rows]
    if any(memory is None for _, memory in points):
        return None
    counts, memory = np.array(points, dtype=float).T
    return round(float(np.polyfit(counts, memory, 1)[0]), 2)


def _gain(rows: list[Any], name: str) -> int | None:
    first, last = rows[0][1][name][1], rows[-1][1][name][1]
    return None if first is None or last is None else last - first


def faults(found: dict[str, Any]) -> list[str]:
    """What is more than there may be, a sentence each."""
    measured = found["frames_measured"]
    floor = 0.0 if measured >= LONG_FRAMES / 2 else FLOOR_BYTES / max(measured, 1)
    told = []
    if found["full_collections"]:
        told.append(f"{found['full_collections']} full collections while it played")
    for name, slope in found["bytes_a_frame"].items():
        if slope is not None and slope > MOST_SLOPE + floor:
            told.append(f"{name}: {slope} bytes a frame in {measured} frames")
    for name, gain in found["files_gained"].items():
        if gain is not None and gain > 2 and not floor:  # a short run still loads its scenes
            told.append(f"{name}: {gain} files more are open")
    return told


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", default="default")
    parser.add_argument("--size", default="64x36")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    found = soak(given.show, given.size, given.seconds)
    print(json.dumps(found, indent=2))
    told = faults(found) if given.check else []
    print("\n".join(told), file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
