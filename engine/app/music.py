"""The built-in piece, composed in a child process so that no frame waits for it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine import __version__
from engine.core.event import Event
from engine.sources.track import Track

RATE_HZ = 48000


def compose_to(path: str) -> None:
    """Compose the piece into an ``.npy`` file; the child's whole work."""
    from engine.sources.music import compose

    target = Path(path)
    new = target.with_name(target.name + ".new")
    with new.open("wb") as file:
        np.save(file, compose(rate_hz=RATE_HZ))
    new.replace(target)


class Jukebox:
    """Has the piece ready some seconds after it is asked for.

    Parameters
    ----------
    cache
        Folder that keeps it for the next time.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / f"music-{__version__}.npy"
        self._child: multiprocessing.process.BaseProcess | None = None

    def ask(self) -> None:
        """Begin to compose, unless it is there."""
        if self._path.exists() or self._child is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context("spawn")
        self._child = context.Process(target=compose_to, args=(str(self._path),), daemon=True)
        self._child.start()

    def poll(self) -> Track | None:
        """Return the piece once it is ready; never waits."""
        if self._child is not None and self._child.is_alive():
            return None
        if not self._path.exists():
            return None
        return Track(np.load(self._path, allow_pickle=False), RATE_HZ)

    def wait(self, limit_s: float) -> Track | None:
        """Wait for the piece, before the show begins."""
        self.ask()
        if self._child is not None:
            self._child.join(limit_s)
        return self.poll()


def heard(track: Track, control_hz: Fraction) -> Mapping[int, Sequence[Event]]:
    """Analyse a track ahead: its features as events by its own ticks."""
    from engine.app.playback import track_events

    return track_events(track, control_hz)
