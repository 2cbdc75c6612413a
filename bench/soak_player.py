"""The player of `bench.soak`: plays without a pace and writes down what its processes hold.

    python -m bench.soak_player ROWS FRAMES SECONDS play SHOW ...

It ends after so many frames or seconds. Every `EVERY` frames it writes a row of JSON: the frame;
for ``main`` the bytes that are allocated, exactly (``PYTHONMALLOC=malloc`` lets glibc count all),
after a collection, so that garbage does not count; for each worker its process and the memory that
is its own (what it allocates it writes down itself, see `bench.soak_worker`); open files. Workers
make as many pictures as they can.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from fractions import Fraction
from typing import Any

from bench.soak_worker import EVERY, allocated_bytes, clock
from engine.core.rng import gaussian
from engine.generators.host.worker_host import open_worker
from engine.play.governor import Governor
from engine.play.live.player import Player
from engine.play.pacer import Due, Pacer
from engine.play.pixels import slot
from engine.play.usage import open_files, private_bytes


class Endless(Player):
    """Draws the next frame of sixty a second as soon as the one before is done."""

    def _frame(self, due: Due, seconds: Fraction) -> None:
        super()._frame(due, seconds)
        if due.index % EVERY == 0:
            gc.collect(1)
            print(json.dumps({"frame": due.index, **self._row()}), file=_rows, flush=True)
        self.is_over |= due.index >= FRAMES or self.duration_s > SECONDS

    def _row(self) -> dict[str, Any]:
        pids = {name: stats["pid"] for name, stats in self.pixels.stats().items() if stats["pid"]}
        return {
            "bytes": {
                "main": (os.getpid(), allocated_bytes()),
                **{name: (pid, private_bytes(pid)) for name, pid in pids.items()},
            },
            "files": {n: open_files(p) for n, p in {"main": os.getpid(), **pids}.items()},
        }


def _next(self: Pacer) -> Due:
    self.next += 1
    return Due(self.next - 1)


def _open_worker(*words: Any, **named: Any) -> Any:
    return open_worker(*words, **{**named, "rate_cap_hz": 1e9, "clock": clock})


if __name__ == "__main__":
    from engine.app.cli.main import main
    from engine.play.live import player

    ROWS, FRAMES, SECONDS = sys.argv[1], *map(int, sys.argv[2:4])
    _rows = open(ROWS, "w")  # noqa: SIM115 - until the process ends
    Pacer.wait = _next  # type: ignore[method-assign]
    Governor.begin = lambda *_: False  # type: ignore[method-assign]
    Governor.note = lambda *_: False  # type: ignore[method-assign]
    slot.open_worker = _open_worker
    player.Player = Endless  # type: ignore[misc]
    for k in range(gaussian.cache_info().maxsize or 0):  # full: else it fills for an hour
        gaussian(0, "soak", k, 64)
    sys.argv[1:] = sys.argv[4:]
    main()
