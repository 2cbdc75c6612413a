"""Built-in music, composed and analysed in a child process so that no frame waits for it."""

from __future__ import annotations

import threading
from multiprocessing.context import SpawnProcess
from pathlib import Path

import numpy as np

from engine import __version__
from engine.sources.audio.file import Features, Track, features_ahead
from engine.system import npy
from engine.system.spawn import launch

RATE_HZ = 48000
EDITION = 2  # of the piece: one more whenever it sounds otherwise
_MOST_BYTES = 1 << 28


def compose_to(path: str) -> None:
    """Compose the piece and hear it, into an ``.npz`` file; the child's whole work."""
    from engine.sources.demo.piece import compose

    track = Track(compose(rate_hz=RATE_HZ), RATE_HZ)
    features = features_ahead(track)
    arrays: npy.Arrays = {"pcm": track.pcm, "rows": features.rows, "hop": np.array(features.hop)}
    npy.write(Path(path), arrays)


class DemoMusic:
    """Has the piece ready some seconds after it is asked for.

    A thread waits for the child and reads the file: neither may hold up a frame.

    Parameters
    ----------
    cache
        Folder that keeps it for the next time.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache / f"music-{__version__}-{EDITION}.npz"
        self._child: SpawnProcess | None = None
        self._thread: threading.Thread | None = None
        self._found: tuple[Track, Features] | None = None
        self._is_closed = False
        self.error = ""

    def ask(self) -> None:
        """Begin to compose, unless it is under way."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._fetch, name="music", daemon=True)
            self._thread.start()

    def _fetch(self) -> None:
        try:
            self._found = self._read() or self._compose()
        except OSError as error:
            self.error = f"the built-in music cannot be kept: {error}"

    def _read(self) -> tuple[Track, Features] | None:
        try:
            found = npy.load(self._path, _MOST_BYTES)
            features = Features(RATE_HZ, int(found["hop"]), found["rows"])
            return Track(found["pcm"], RATE_HZ), features
        except (FileNotFoundError, ValueError, KeyError):
            return None  # not there, or damaged: it is composed

    def _compose(self) -> tuple[Track, Features] | None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        child = launch(compose_to, str(self._path), name="music")
        self._child = child
        if self._is_closed:
            child.kill()
        child.join()
        return self._read()

    def poll(self) -> tuple[Track, Features] | None:
        """Return the piece and what is heard in it once it is ready; never waits."""
        return self._found

    def wait(self, limit_s: float) -> tuple[Track, Features] | None:
        """Wait for the piece, before the show begins."""
        self.ask()
        if self._thread is not None:
            self._thread.join(limit_s)
        return self._found

    def close(self) -> None:
        """End a child that still composes."""
        self._is_closed = True
        if self._child is not None:
            self._child.kill()
