"""What a show that plays long leaves behind: full collections, memory and open files, as JSON.

    python -m bench.soak [--show default] [--size 64x36] [--frames N] [--seconds 120] [--check]

Plays without a window and without a pace: each frame is the next one of 60 a second, drawn as soon
as the one before it is done, so that two minutes hold tens of thousands; see `bench.soak_player`.
Allocations are counted, exactly: of the player by its frames, of a worker by the pictures that it
makes, as many as it can (glibc; elsewhere nothing is told). The slope is that of the second half of
the run. ``--check`` exits with 1 if there was a full collection, if a process grows by more than 2
bytes a frame or picture, or if files stay open. Of a process that made fewer than 50 000 in that
half it allows 16, of a worker 256 kB beside: what is kept and bounded still fills. Then give a show
of one scene, since a new scene takes its own. For the slope of a worker over 100 000 pictures feed
it alone: ``python -m bench.soak_worker``.
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

from bench.soak_worker import FOLDER

MOST_SLOPE = 2.0
MOST_SHORT_SLOPE = 16.0
"""In a short run, in which what is kept and bounded still fills."""
BEGINNING_BYTES = 256 << 10
"""What a worker takes beside, in a short run, before its own records are as long as they get."""
LONG_FRAMES = 100_000
FOREVER = 10**9
MOST_ROWS = 400


def soak(show: str, size: str, frames: int = FOREVER, seconds: int = FOREVER) -> dict[str, Any]:
    """Play so many frames or seconds, and judge the second half."""
    with tempfile.TemporaryDirectory() as name:
        rows_file, stats = Path(name) / "rows.jsonl", Path(name) / "stats.json"
        words = [
            sys.executable, "-m", "bench.soak_player", rows_file, frames, seconds,
            "play", show, "--output", "null", "--size", size,
            "--osc", "127.0.0.1:0", "--audio", "off", "--stats", stats,
        ]  # fmt: skip
        # All of Python's memory is glibc's, that counts it; and no take of ours is left in a cache.
        own = {"PYTHONMALLOC": "malloc", "XDG_CACHE_HOME": name, FOLDER: name}
        done = subprocess.run(list(map(str, words)), env={**os.environ, **own})
        if not stats.exists():
            raise RuntimeError(f"the player ended with {done.returncode} and left no stats")
        report, rows = json.loads(stats.read_text()), _read(rows_file)
        told = {"main": [(row["frame"], row["bytes"]["main"][1]) for row in rows]}
        for worker, (pid, _) in rows[-1]["bytes"].items():
            if worker != "main":
                told[worker] = [(row["frame"], row["bytes"]) for row in _read(Path(name, str(pid)))]
    half, held = rows[len(rows) // 2 :], rows[-1]["bytes"]
    halves = {name: each[len(each) // 2 :] for name, each in told.items()}
    return {
        "frames": report["frames"],
        "full_collections": report["full_collections"],
        "frames_measured": {
            n: each[-1][0] - each[0][0] if each else 0 for n, each in halves.items()
        },
        "bytes_a_frame": {name: _slope(each) for name, each in halves.items()},
        "bytes_held": {name: number for name, (_, number) in held.items()},
        "files_gained": {name: _gain(half, name) for name in held},
        "load": os.getloadavg(),
    }


def _read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _slope(rows: list[tuple[int, int | None]]) -> float | None:
    """Slope through what a process allocated; None if it was not told.

    The median of the slopes between all pairs of rows (Theil 1950, Sen 1968): what is taken once
    does not count, what goes on does.
    """
    if len(rows) < 3 or rows[0][1] is None:
        return None
    frames, memory = np.array(rows[:: -(-len(rows) // MOST_ROWS)], float).T
    first, second = np.triu_indices(len(frames), 1)
    rises = (memory[second] - memory[first]) / (frames[second] - frames[first])
    return round(float(np.median(rises)), 2)


def _gain(rows: list[Any], name: str) -> int | None:
    first, last = rows[0]["files"].get(name), rows[-1]["files"][name]
    return None if first is None or last is None else last - first


def faults(found: dict[str, Any]) -> list[str]:
    """What is more than there may be, a sentence each."""
    told = []
    if found["full_collections"]:
        told.append(f"{found['full_collections']} full collections while it played")
    for name, slope in found["bytes_a_frame"].items():
        measured = found["frames_measured"][name]
        most = MOST_SLOPE
        if measured < LONG_FRAMES / 2:
            beginning = BEGINNING_BYTES / max(measured, 1) if name != "main" else 0.0
            most = MOST_SHORT_SLOPE + beginning
        if slope is not None and slope > most:
            told.append(f"{name}: {slope} bytes a frame in {measured} frames")
    is_long = found["frames_measured"]["main"] >= LONG_FRAMES / 2
    for name, gain in found["files_gained"].items():
        if gain is not None and gain > 2 and is_long:  # a short run still loads its scenes
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
