"""The default show where the machine is not its alone: what is given up, and what is kept, as JSON.

    python -m bench.governor [--show default] [--seconds 60] [--busy 0 1] [--ungoverned]

Each run plays without a window beside so many programs that want a core each, at the same niceness.
``--ungoverned`` plays every run a second time with everything drawn whole, for the ratio.
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

from bench.busy import busy

SIZES = ("640x360", "1280x720")
# What keeps the pictures is never governed: so a governor that never gives anything up.
PLAY = """
import sys
from engine.play.governor import Governor
if sys.argv.pop(1) == "whole":
    Governor.begin = lambda self, busy_s: False
    Governor.note = lambda self, now_s, busy_s, starved="": False
from engine.app.cli.main import main
sys.exit(main())
"""


def play(show: str, size: str, seconds: float, others: int, way: str) -> dict[str, Any]:
    """Play once beside so many busy programs."""
    with busy(others), tempfile.TemporaryDirectory() as name:
        stats_path = Path(name) / "stats.json"
        words = [
            sys.executable, "-c", PLAY, way, "play", show, "--output", "null", "--size", size,
            "--osc", "127.0.0.1:0", "--audio", "off", "--duration", str(seconds),
            "--stats", str(stats_path),
        ]  # fmt: skip
        before, begin = os.times(), time.monotonic()
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        after, wall_s = os.times(), time.monotonic() - begin
        stats = json.loads(stats_path.read_text())
    spent_s = sum(after[2:4]) - sum(before[2:4])
    seen = {n: g for n, g in stats["generators"].items() if g["frames"] > seconds / 4}
    return {
        "size": size,
        "busy": others,
        "way": way,
        "load": os.getloadavg(),
        "fps": stats["fps"],
        "skipped_share": stats["skipped_share"],
        "frame_ms": stats["frame_ms"],
        "pictures_a_second": {n: round(g["frames"] / seconds, 2) for n, g in seen.items()},
        "age_ms_p95": {n: g["age_ms_p95"] for n, g in seen.items()},
        "scale": stats["scale"],
        "every": stats["every"],
        "given_up": stats["given_up"],
        "share_cores": stats["share"],
        "cpu_ms_a_frame": round(sum(stats["stages_cpu_ms"].values()), 2),
        "cores_of_all": round(spent_s / wall_s, 2),
        "said": [line for line in done.stderr.splitlines() if "drawn" in line],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--show", default="default")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--ungoverned", action="store_true")
    given = parser.parse_args()
    ways = ("governed", "whole") if given.ungoverned else ("governed",)
    report = [
        play(given.show, size, given.seconds, others, way)
        for others in given.busy
        for size in SIZES
        for way in ways
    ]
    print(json.dumps({"cpus": os.cpu_count(), "play": report}, indent=2))


if __name__ == "__main__":
    main()
