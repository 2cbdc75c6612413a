"""How soon a picture is back after its worker died or hangs, and whether a busy machine kills one.

    python -m bench.recovery [--busy 60] > recovery.json

Wall seconds from the signal until another worker took over and until its first picture, and the
CPU time which that worker took for it; the machine's load is told beside them. Each fault comes
twice, the second `--apart` seconds after the picture was back. Then four processes spin for
`--busy` seconds, and nothing may be restarted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.busy import busy
from engine.play.live.options import Options
from engine.play.live.player import Player
from engine.system.priority import cpu_s

SPINNERS = 4
SHOW = """
schema = 1
name = "Recovery"
size_px = [640, 360]
[[layers]]
id = "breath"
[layers.generator]
kind = "cppn"
"""
FAULTS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


class Watched(Player):
    """A player that goes on with a script after each picture."""

    script: Iterator[None]

    def _frame(self, *arguments: Any) -> None:
        super()._frame(*arguments)
        self.is_over = self.is_over or next(self.script, "over") == "over"


def figures(player: Player) -> dict[str, Any]:
    """Figures of the layer."""
    return player.pixels.stats()["breath"]


def until_spares(player: Player) -> Iterator[None]:
    """Until both spares wait."""
    while not player.pixels._spare.is_complete:
        yield


def fault(player: Player, number: int, found: dict[str, list[float]]) -> Iterator[None]:
    """Send the worker a signal, and wait for the picture of another."""
    pid, begin_s = figures(player)["pid"], time.monotonic()
    spare_pid = player.pixels._spare.pid
    before_s = cpu_s(spare_pid) or 0.0
    os.kill(pid, number)
    while figures(player)["pid"] in (0, pid):
        yield
    found["noticed_s"].append(round(time.monotonic() - begin_s, 2))
    frames = figures(player)["frames"]
    while figures(player)["frames"] == frames:
        yield
    found["back_s"].append(round(time.monotonic() - begin_s, 2))
    pid = figures(player)["pid"]
    used_s = (cpu_s(pid) or 0.0) - (before_s if pid == spare_pid else 0.0)
    found["cpu_s"].append(round(used_s, 2))
    print(found, file=sys.stderr, flush=True)


def pause(seconds: float) -> Iterator[None]:
    """Play on for a while."""
    begin_s = time.monotonic()
    while time.monotonic() - begin_s < seconds:
        yield


def restarts(player: Player) -> int:
    return sum(stats["restarts"] for stats in player.pixels.stats().values())


def script(player: Player, options: argparse.Namespace, found: dict[str, Any]) -> Iterator[None]:
    """All that is done to the show."""
    for name, number in FAULTS.items():
        yield from until_spares(player)
        found[name] = {"load": os.getloadavg()[0], "noticed_s": [], "back_s": [], "cpu_s": []}
        yield from fault(player, number, found[name])
        yield from pause(options.apart)
        yield from fault(player, number, found[name])
    yield from until_spares(player)
    before, frames = restarts(player), figures(player)["frames"]
    with busy(SPINNERS):
        yield from pause(options.busy)
        found["busy"] = {
            "seconds": options.busy,
            "load": os.getloadavg()[0],
            "restarts": restarts(player) - before,
            "frames": figures(player)["frames"] - frames,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busy", type=float, default=60.0)
    parser.add_argument("--apart", type=float, default=2.0)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        show = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "breath.toml"
        show.write_text(SHOW)
        player = Watched(
            Options(str(show), outputs=("null",), osc="127.0.0.1:0", audio="off", device="cpu"),
            stack,
        )
        player.script = script(player, options, found)
        player.run()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
