"""Run statistics: frame counts and times for the stats file."""

from __future__ import annotations

from array import array
from typing import Any

SCHEMA = 1
RECENT = 240
KEPT = 1 << 16


class Newest:
    """The newest numbers of a measurement, in the same memory from the start."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = array("d", bytes(8 * most))
        self.count = 0

    def add(self, number: float) -> None:
        """Take one; it takes the place of the oldest."""
        self._kept[self.count % self._most] = number
        self.count += 1

    def last(self, most: int) -> list[float]:
        """Return the newest ones, oldest first."""
        first = max(self.count - min(most, self._most), 0)
        return [self._kept[k % self._most] for k in range(first, self.count)]

    def in_order(self) -> list[float]:
        """Return all that are kept, smallest first; a zero if there is none."""
        return sorted(self._kept[: min(self.count, self._most)]) or [0.0]


class Stats:
    """Counts frames, and keeps the times of the newest ones."""

    def __init__(self) -> None:
        self.frames = 0
        self.skipped = 0
        self.jumps_s = 0.0
        self.steps_dropped = 0
        self._frame_ms = Newest(KEPT)

    def add(self, frame_ms: float, skipped: int) -> None:
        """Count one presented picture."""
        self._frame_ms.add(frame_ms)
        self.frames += 1
        self.skipped += skipped

    def recent_ms(self) -> list[float]:
        """Return the newest frame times, for the graph."""
        return self._frame_ms.last(RECENT)

    def percentiles(self) -> dict[str, float]:
        """Time of the newest frames in milliseconds: p50, p95, p99 and the largest."""
        ordered = self._frame_ms.in_order()
        last = len(ordered) - 1
        found = {f"p{p}": round(ordered[round(last * p / 100)], 3) for p in (50, 95, 99)}
        return {**found, "max": round(ordered[-1], 3)}

    def report(self, duration_s: float, fps: float, stages_ms: dict[str, float]) -> dict[str, Any]:
        """Return the part of the stats that the host itself knows.

        Parameters
        ----------
        duration_s
            From the first to the last picture.
        fps
            The rate that was asked for.
        stages_ms
            CPU milliseconds by stage, over the whole run.
        """
        count = max(self.frames, 1)
        return {
            "schema": SCHEMA,
            "frames": self.frames,
            "skipped": self.skipped,
            "skipped_share": round(self.skipped / max(self.frames + self.skipped, 1), 5),
            "fps": round(self.frames / duration_s, 3) if duration_s > 0 else 0.0,
            "fps_asked": round(fps, 3),
            "duration_s": round(duration_s, 3),
            "clock_jumps_s": round(self.jumps_s, 3),
            "steps_dropped": self.steps_dropped,
            "frame_ms": self.percentiles(),
            "stages_cpu_ms": {k: round(v / count, 4) for k, v in stages_ms.items()},
        }
