"""How visibly sound drives a picture: ``python -m bench.visible FILM [FROM TO …]`` prints JSON.

FILM was exported with its sound (``latent-cinema export default first-light.mp4 --demo --fps 10
--size 320x180``). For each part of it, in seconds (without parts: the whole): the correlation of
the sound's level, as shows hear it, with the difference of successive frames (mean over pixels, of
255), both averaged over half a second. The first two seconds of a part are left out: there one
scene fades into the next.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from engine.core.audio.features import FEATURES
from engine.sources.audio import file

SIZE_PX = 160, 90
WINDOW_S = 0.5
FADE_S = 2.0
Array = NDArray[np.float64]


def changes(film: Path) -> tuple[Array, Array]:
    """Difference of each frame to the one before (n,), and its time in seconds (n,)."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        pictures, times = [], []
        for frame in container.decode(stream):
            small = frame.reformat(*SIZE_PX, "rgb24").to_ndarray()
            pictures.append(small.astype(np.float64))
            times.append(float(frame.time or 0.0))
    return np.array([np.abs(b - a).mean() for a, b in pairwise(pictures)]), np.array(times[1:])


def levels(film: Path) -> tuple[Array, Array]:
    """What shows hear of the film's sound (m,), and when (m,)."""
    heard = file.features_ahead(file.load(film))
    times = (np.arange(len(heard.rows)) + 1) * heard.hop / heard.rate_hz
    return heard.rows[:, FEATURES.index("level")], times


def windowed(values: Array, times: Array, edges: Array) -> Array:
    """Mean of the values in each window (k,)."""
    place = np.digitize(times, edges) - 1
    return np.array([values[place == k].mean() for k in range(len(edges) - 1)])


def main() -> None:
    film = Path(sys.argv[1])
    (change, change_s), (level, level_s) = changes(film), levels(film)
    asked = [float(word) for word in sys.argv[2:]] or [0.0, change_s[-1]]
    for begin, end in pairwise(asked):
        edges = np.arange(begin + FADE_S, end + 1e-6, WINDOW_S)
        seen, heard = windowed(change, change_s, edges), windowed(level, level_s, edges)
        found = {
            "from_s": begin,
            "to_s": end,
            "correlation": round(float(np.corrcoef(seen, heard)[0, 1]), 3),
            "change": round(float(seen.mean()), 2),
            "least": round(float(seen.min()), 2),
            "most": round(float(seen.max()), 2),
        }
        print(json.dumps(found))


if __name__ == "__main__":
    main()
