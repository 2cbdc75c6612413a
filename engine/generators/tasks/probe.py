"""The task ``probe``: how far apart a generator's pictures look along a path, at a low resolution.

Arrays: ``path`` [shape=(N, ...)], latents of one port at equal places. Options: ``port``,
``is_closed``. Its request holds all else. The result holds ``chords`` from each probe to the next
one, ``skips`` to the next but one (see `engine.core.path.arc_length.arcs`), and ``jumps``
[shape=(K, 2)]: where, in cells, and how many times the median chord.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.path.arc_length import JUMP
from engine.core.path.perceived_change import Features, distance, features
from engine.generators.host.pixels import fetch, finish
from engine.generators.host.tasks import Result, Task

_MOST_JUMPS = 8
_HALVINGS = 5
_SUDDEN = 0.5  # what a jump keeps of its cell in a 32nd of it; of a motion a 32nd is left


def start(generator: Any, task: Task) -> Iterator[Result | None]:
    """Draw one probe a slice; then look closer at what may be a jump."""
    asked, port, path = task.request, str(task.options["port"]), task.arrays["path"]
    assert asked is not None

    def look(latent: NDArray[np.float32]) -> Features:
        latents = {**asked.latents, port: np.ascontiguousarray(latent, np.float32)}
        pixels, _ = generator.render(replace(asked, latents=latents), None)
        return features(fetch(finish(pixels)))

    seen: list[Features] = []
    for latent in path:
        seen.append(look(latent))
        yield None
    if task.options["is_closed"]:
        seen += seen[:2]
        path = np.concatenate([path, path[:1]])
    chords = [distance(a, b) for a, b in pairwise(seen)][: len(path) - 1]
    skips = [distance(a, b) for a, b in zip(seen, seen[2:], strict=False)]
    usual, jumps = median(chords), []
    for cell in [i for i, chord in enumerate(chords) if chord > JUMP * usual > 0.0][:_MOST_JUMPS]:
        low, high, left, right = 0.0, 1.0, seen[cell], seen[cell + 1]
        for _ in range(_HALVINGS):
            half = 0.5 * (low + high)
            middle = look((1.0 - half) * path[cell] + half * path[cell + 1])
            yield None
            if distance(left, middle) > distance(middle, right):
                high, right = half, middle
            else:
                low, left = half, middle
        if distance(left, right) > _SUDDEN * chords[cell]:
            jumps.append((cell + 0.5 * (low + high), chords[cell] / usual))
    yield Result(
        {
            "chords": np.array(chords, np.float32),
            "skips": np.array(skips, np.float32),
            "jumps": np.array(jumps, np.float32).reshape(-1, 2),
        }
    )
