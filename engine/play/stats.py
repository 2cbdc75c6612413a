"""Run statistics: frame counts and times for the stats file."""

from __future__ import annotations

from array import array
from typing import Any

SCHEMA = 1
RECENT = 240


class Stats:
    """Counts frames and keeps their times (8 bytes each, the newest million)."""

    def __init__(self) -> None:
        self.frames = 0
        self.skipped = 0
        self.jumps_s = 0.0
        self.steps_dropped = 0
        self.frame_ms = array("d")

    def add(self, frame_ms: float, skipped: int) -> None:
        """Count one presented picture."""
        self.frames += 1
        self.skipped += skipped
        if len(self.frame_ms) >= 1_000_000:
            del self.frame_ms[:500_000]
        self.frame_ms.append(frame_ms)

    def recent_ms(self) -> list[float]:
        """Return the newest frame times, for the graph."""
        return list(self.frame_ms[-RECENT:])

    def percentiles(self) -> dict[str, float]:
        """Frame time in milliseconds: p50, p95, p99 and the largest."""
        ordered = sorted(self.frame_ms) or [0.0]
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
