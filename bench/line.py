"""The whole line on this machine, as JSON: how fast it plays without a window, and what it costs.

    python bench/line.py [--show default] [--duration 20] > line.json

CPU times are read from /proc, so only Linux gives all of them.
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

COMMAND = [sys.executable, "-m", "engine.app.cli.main"]
SIZES = ("640x360", "1280x720")
VERSION_RUNS = 7
READY_LIMIT_S = 120.0


def cpu_s(pid: int) -> float | None:
    """CPU seconds that a process has spent so far; None where nobody tells."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def total(found: list[float | None]) -> float | None:
    known = [each for each in found if each is not None]
    return round(sum(known), 3) if len(known) == len(found) else None


def version_cpu_ms() -> float:
    """Median CPU milliseconds of ``--version``, Python's own start included."""
    spent = []
    for _ in range(VERSION_RUNS):
        before = os.times()
        subprocess.run([*COMMAND, "--version"], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        spent.append(
            after.children_user - before.children_user
            + after.children_system - before.children_system
        )  # fmt: skip
    return round(1000 * sorted(spent)[VERSION_RUNS // 2], 1)


def first_picture(ready: Path, player: subprocess.Popen[bytes]) -> tuple[float, dict[str, int]]:
    """Wait for the first picture: wall seconds, and the workers by layer."""
    begin = time.monotonic()
    while not ready.exists():
        if player.poll() is not None or time.monotonic() - begin > READY_LIMIT_S:
            raise SystemExit("the show did not start; see above")
        time.sleep(0.005)
    return time.monotonic() - begin, json.loads(ready.read_text())["workers"]


def play(show: str, size: str, duration_s: float) -> dict[str, Any]:
    """Play once; report what it did and what every process of it cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = [
            "play", show, "--output", "null", "--size", size, "--osc", "127.0.0.1:0",
            "--audio", "off", "--duration", str(duration_s),
            "--ready", str(folder / "ready.json"), "--stats", str(folder / "stats.json"),
        ]  # fmt: skip
        with subprocess.Popen([*COMMAND, *words]) as player:
            wall_s, workers = first_picture(folder / "ready.json", player)
            started = {pid: cpu_s(pid) for pid in (player.pid, *workers.values())}
            time.sleep(max(duration_s - 1.0, 0.5))
            measured = {pid: cpu_s(pid) for pid in started}
            player.wait()
        stats: dict[str, Any] = json.loads((folder / "stats.json").read_text())
    cores = {
        pid: (now - before) / max(duration_s - 1.0, 0.5)
        for pid, before in started.items()
        if before is not None and (now := measured[pid]) is not None
    }
    return {
        "size": size,
        "fps": stats["fps"],
        "skipped_share": stats["skipped_share"],
        "frame_ms": stats["frame_ms"],
        "stages_cpu_ms": stats["stages_cpu_ms"],
        "stages_cpu_ms_sum": round(sum(stats["stages_cpu_ms"].values()), 3),
        "clock_jumps_s": stats["clock_jumps_s"],
        "generators": stats["generators"],
        "cores_main": round(cores.get(player.pid, 0.0), 3) if cores else None,
        "cores_workers": {k: round(cores.get(pid, 0.0), 3) for k, pid in workers.items()},
        "first_picture_cpu_s": total(list(started.values())),
        "first_picture_wall_s": round(wall_s, 3),
        "gl": stats["gl"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--show", default="default")
    parser.add_argument("--duration", type=float, default=20.0)
    given = parser.parse_args()
    report = {
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "version_cpu_ms": version_cpu_ms(),
        "play": [play(given.show, size, given.duration) for size in SIZES],
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
