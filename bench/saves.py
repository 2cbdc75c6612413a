"""What saving a shader again and again costs a show: ``python -m bench.saves [SAVES SECONDS]``.

A show is played twice for SECONDS (80): untouched, and with SAVES (200) saves of a shader that it
draws, each another text. JSON: frames that were skipped, milliseconds of a frame, processor time a
frame in the process that draws, and how often the show was swapped. On a machine that has other
work the first run says what of it is that work's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SHOWS = Path(__file__).parents[1] / "tests" / "shows"
PLAY = ("-m", "engine.app.cli.main", "play", "wash.toml", "--size", "640x360", "--output", "null")


def run(saves: int, seconds: float) -> dict[str, Any]:
    """Play for a while, and save so often."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(SHOWS, folder, dirs_exist_ok=True)
        shader = folder / "tint.fs"
        text = shader.read_text("utf-8")
        out = ("--audio", "off", "--osc", "127.0.0.1:0", "--ready", "ready", "--stats", "stats")
        with (folder / "said").open("w") as said:
            player = subprocess.Popen([sys.executable, *PLAY, *out], cwd=folder, stderr=said)
        while not (folder / "ready").exists() and player.poll() is None:
            time.sleep(0.05)
        begin = time.monotonic()
        for number in range(1, saves + 1):
            time.sleep(max(0.0, begin + number * seconds / (saves + 1) - time.monotonic()))
            shader.write_text(text.replace("* gain", f"* gain * {1 - 1e-3 * number:.3f}"), "utf-8")
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
        player.terminate()
        player.wait()
        stats = json.loads((folder / "stats").read_text())
        swaps = (folder / "said").read_text("utf-8").count(": reloaded")
    found = {key: stats[key] for key in ("frames", "skipped", "frame_ms")}
    cpu_ms = sum(stats["stages_cpu_ms"].values())
    return {"saves": saves, "swaps": swaps, **found, "cpu_ms_a_frame": round(cpu_ms, 3)}


def main() -> None:
    saves, seconds = int((sys.argv[1:] or ["200"])[0]), float((sys.argv[2:] or ["80"])[0])
    found = [run(0, seconds), run(saves, seconds)]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
