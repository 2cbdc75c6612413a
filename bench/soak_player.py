"""The player of `bench.soak`: plays without a pace and writes down what its processes hold.

    python -m bench.soak_player ROWS FRAMES SECONDS LEAK play SHOW ...

It ends after so many frames or seconds. Every `EVERY` frames it writes a row of JSON: the frame;
for ``main`` the bytes that are allocated, exactly (``PYTHONMALLOC=malloc`` lets glibc count all),
after a collection, so that garbage does not count; for each worker the memory that is its own; open
files. ``LEAK`` bytes are lost on each frame, to prove that they are found.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from fractions import Fraction
from typing import Any

from engine.core.rng import gaussian
from engine.play.governor import Governor
from engine.play.live.player import Player
from engine.play.pacer import Due, Pacer
from engine.play.usage import open_files, private_bytes

EVERY = 250
_NAMES = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
    "keepcost",
)  # fmt: skip


class _Mallinfo2(ctypes.Structure):
    """What glibc counts, over all its arenas; see mallinfo(3)."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _NAMES)


def allocated_bytes() -> int | None:
    """Bytes that are allocated in this process; None without glibc 2.33."""
    if not sys.platform.startswith("linux"):
        return None
    mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is None:
        return None
    mallinfo2.restype = _Mallinfo2
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


class Endless(Player):
    """Draws the next frame of sixty a second as soon as the one before is done."""

    def _frame(self, due: Due, seconds: Fraction) -> None:
        super()._frame(due, seconds)
        if LEAK:
            _lost.append(bytes(LEAK - 8 - sys.getsizeof(b"")))
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


if __name__ == "__main__":
    from engine.app.cli.main import main
    from engine.play.live import player

    ROWS, FRAMES, SECONDS, LEAK = sys.argv[1], *map(int, sys.argv[2:5])
    _rows, _lost = open(ROWS, "w"), []  # noqa: SIM115 - until the process ends
    Pacer.wait = _next  # type: ignore[method-assign]
    Governor.begin = lambda *_: False  # type: ignore[method-assign]
    Governor.note = lambda *_: False  # type: ignore[method-assign]
    player.Player = Endless  # type: ignore[misc]
    for k in range(gaussian.cache_info().maxsize or 0):  # full: else it fills for an hour
        gaussian(0, "soak", k, 64)
    sys.argv[1:] = sys.argv[5:]
    main()
