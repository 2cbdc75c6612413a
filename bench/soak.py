"""What a show that plays long leaves behind: full collections, memory and open files, as JSON.

    python -m bench.soak [--show default] [--size 64x36] [--frames N] [--seconds 120] [--check]

Plays without a window and without a pace: each frame is the next one of 60 a second, drawn as soon
as the one before it is done, so that two minutes hold tens of thousands; see `bench.soak_player`.
Of the player itself the allocations are counted, exactly; of a worker, the memory that it has
written and shares with nobody, on Linux. The slope is that of the second half of the run.
``--check`` exits with 1 if there was a full collection, if a process grows by more than 2 bytes a
frame, or if files stay open. Where fewer than 50 000 frames are measured it allows 16 of the player
and two megabytes beside the slope of a worker, whose allocator takes memory in steps: then give a
show of one scene, since a new scene takes its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

MOST_SLOPE = 2.0
MOST_SHORT_SLOPE = 16.0
"""Of the player in a short run, in which what is kept and bounded still fills."""
LONG_FRAMES = 100_000
FLOOR_BYTES = 2 << 20
FOREVER = 10**9
MOST_ROWS = 400


def soak(
    show: str, size: str, frames: int = FOREVER, seconds: int = FOREVER, leak: int = 0
) -> dict[str, Any]:
    """Play so many frames or seconds, losing `leak` bytes a frame, and judge the second half."""
    with tempfile.TemporaryDirectory() as name:
        rows_file, stats = Path(name) / "rows.jsonl", Path(name) / "stats.json"
        words = [
            sys.executable, "-m", "bench.soak_player", rows_file, frames, seconds, leak,
            "play", show, "--output", "null", "--size", size,
            "--osc", "127.0.0.1:0", "--audio", "off", "--stats", stats,
        ]  # fmt: skip
        # All of Python's memory is glibc's, that counts it; and no take of ours is left in a cache.
        own = {"PYTHONMALLOC": "malloc", "XDG_CACHE_HOME": name}
        done = subprocess.run(list(map(str, words)), env={**os.environ, **own})
        if not stats.exists():
            raise RuntimeError(f"the player ended with {done.returncode} and left no stats")
        report = json.loads(stats.read_text())
        rows = [json.loads(line) for line in rows_file.read_text().splitlines()]
    half = rows[len(rows) // 2 :]
    names = list(half[-1]["bytes"])
    return {
        "frames": report["frames"],
        "full_collections": report["full_collections"],
        "frames_measured": half[-1]["frame"] - half[0]["frame"],
        "bytes_a_frame": {name: _slope(half, name) for name in names},
        "bytes_held": {name: half[-1]["bytes"][name][1] for name in names},
        "files_gained": {name: _gain(half, name) for name in names},
        "load": os.getloadavg(),
    }


def _slope(rows: list[Any], name: str) -> float | None:
    """Slope through the memory of a process; None if it was not told, or another took its place.

    The median of the slopes between all pairs of rows (Theil 1950, Sen 1968): what is taken once
    does not count, what goes on does.
    """
    found = [row["bytes"].get(name) for row in rows]
    if any(each is None or each[1] is None or each[0] != found[-1][0] for each in found):
        return None
    step = -(-len(rows) // MOST_ROWS)
    frames = np.array([row["frame"] for row in rows][::step], float)
    memory = np.array([each[1] for each in found][::step], float)
    first, second = np.triu_indices(len(frames), 1)
    rises = (memory[second] - memory[first]) / (frames[second] - frames[first])
    return round(float(np.median(rises)), 2)


def _gain(rows: list[Any], name: str) -> int | None:
    first, last = rows[0]["files"].get(name), rows[-1]["files"][name]
    return None if first is None or last is None else last - first


def faults(found: dict[str, Any]) -> list[str]:
    """What is more than there may be, a sentence each."""
    measured = found["frames_measured"]
    floor = 0.0 if measured >= LONG_FRAMES / 2 else FLOOR_BYTES / max(measured, 1)
    told = []
    if found["full_collections"]:
        told.append(f"{found['full_collections']} full collections while it played")
    for name, slope in found["bytes_a_frame"].items():
        most = MOST_SLOPE + floor if name != "main" or not floor else MOST_SHORT_SLOPE
        if slope is not None and slope > most:
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
    parser.add_argument("--frames", type=int, default=FOREVER)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    found = soak(given.show, given.size, given.frames, given.seconds)
    print(json.dumps(found, indent=2))
    told = faults(found) if given.check else []
    print("\n".join(told), file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
