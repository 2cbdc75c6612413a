"""Cost of the analyser, and how late its onsets are: ``python bench/audio.py`` prints JSON.

Latency is emission (the hop is complete) minus the true beginning of the hit, so it holds the wait
for the hop but neither the driver nor the picture.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.audio import features  # noqa: E402  found through the line above
from engine.sources.audio import file  # noqa: E402  as above
from engine.sources.demo import piece as music  # noqa: E402  as above
from tests.core.audio import test_features as drums  # noqa: E402  the tests' drums


def cost_us(sound: np.ndarray, block: int) -> float:
    """CPU microseconds per hop, best of five, with calls of `block` samples."""
    best = float("inf")
    for _ in range(5):
        state, hops = features.start(drums.RATE_HZ), 0
        begin = time.process_time()
        for first in range(0, len(sound), block):
            state, rows = features.analyse(state, sound[first : first + block])
            hops += len(rows)
        best = min(best, (time.process_time() - begin) / hops * 1e6)
    return round(best, 1)


def latency_ms(name: str, feature: str) -> dict[str, float]:
    """Median and worst latency of three times forty hits, with recall and precision."""
    late, scores = [], []
    for seed in (1, 2, 3):
        sound, times = drums.pattern((name,), "noise", seed=seed)
        found = drums.times_where(drums.rows_of(sound), feature)
        scores.append(drums.score(found, times[name]))
        for true in times[name]:
            after = [f - true for f in found if 0.0 <= f - true <= drums.TOLERANCE_S]
            late += after[:1]
    return {
        "median_ms": round(1e3 * float(np.median(late)), 2),
        "p95_ms": round(1e3 * float(np.percentile(late, 95)), 2),
        "recall": round(float(np.mean([r for r, _ in scores])), 3),
        "precision": round(float(np.mean([p for _, p in scores])), 3),
    }


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begin = time.process_time()
    work()
    return round(time.process_time() - begin, 3)


def main() -> None:
    """Measure, and print one JSON document."""
    sound, _ = drums.pattern(("kick", "snare", "hat"), "chord")
    piece = music.compose()
    hop = features.start(drums.RATE_HZ).bands.hop
    live_us = cost_us(sound, hop)
    report = {
        "live_us_per_hop": live_us,
        "live_share_of_core": round(live_us * 1e-6 * drums.RATE_HZ / hop, 4),
        "file_us_per_hop": cost_us(sound, 1 << 16),
        "onset": {name: latency_ms(name, "onset") for name in drums.DRUMS},
        "kick": {"kick": latency_ms("kick", "kick")},
        "compose_cpu_s": seconds(music.compose),
        "features_of_the_piece_cpu_s": seconds(
            lambda: file.features_ahead(file.Track(piece, drums.RATE_HZ))
        ),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
