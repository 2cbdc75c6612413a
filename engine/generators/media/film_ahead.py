"""Decoding ahead: a thread reads on where the playhead goes, and where it will leap to."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from engine.generators.media.film_reader import FilmReader

AHEAD = 4
"""Frames that are decoded before they are asked for."""
_NEAR_S = 0.7  # before a leap, what comes after it is made ready
_BEFORE_S = 1e-3  # within the frame before


class Way(NamedTuple):
    """Where the playhead is, the part that it goes through, and how it goes there."""

    seconds: float
    begin_s: float
    end_s: float
    is_moving: bool
    is_backward: bool
    is_loop: bool

    def leap(self, first_s: float) -> float | None:
        """Moment before which nothing is decoded and which is asked for soon, if there is one.

        Parameters
        ----------
        first_s
            From here on everything is decoded.
        """
        if not self.is_moving:
            return None
        if not self.is_backward:
            is_near = self.is_loop and self.end_s - self.seconds < _NEAR_S
            return self.begin_s if is_near else None
        if first_s > self.begin_s:
            is_near = self.seconds - first_s < _NEAR_S
            return max(first_s - _BEFORE_S, self.begin_s) if is_near else None
        is_near = self.is_loop and self.seconds - self.begin_s < _NEAR_S
        return self.end_s - _BEFORE_S if is_near else None


class Ahead:
    """Two readers of a film: one where the playhead is, one where it will be.

    Parameters
    ----------
    path
        File of the film.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._here: tuple[FilmReader, threading.Lock] = FilmReader(path), threading.Lock()
        self._there: tuple[FilmReader, threading.Lock] | None = None
        self._way: Way | None = None
        self._wake = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def frame(self, way: Way) -> Any:
        """Return the frame of a moment; waits for nothing but its own decoding.

        Raises
        ------
        ValueError
            Where the film is damaged, see `FilmReader.at`.
        """
        self._take_over(way.seconds)
        reader, lock = self._here
        with lock:
            found = reader.at(way.seconds)
        self._way = way
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="film", daemon=True)
            self._thread.start()
        return found

    def _take_over(self, seconds: float) -> None:
        """Go on with the other reader, if it has the moment and the first one does not."""
        there = self._there
        if there is None or self._here[0].holds(seconds) or not there[1].acquire(blocking=False):
            return
        try:
            if there[0].holds(seconds):
                self._here, self._there = there, self._here
        finally:
            there[1].release()

    def _work(self) -> None:
        while self._wake.wait() and not self._is_closed:
            self._wake.clear()
            try:
                while not self._is_closed and self._step():
                    pass
            except Exception:  # noqa: BLE001 -- codecs fail in many ways; who asks is told
                continue

    def _step(self) -> bool:
        """Decode a frame ahead, or make a leap ready; whether there may be more to do."""
        way, (reader, lock) = self._way, self._here
        if way is None:
            return False
        with lock:
            if way.is_moving and not way.is_backward and reader.go_on(way.seconds, AHEAD):
                return True
            leap = way.leap(reader.first_s)
            if leap is None or reader.holds(leap):
                return False
        if self._there is None:
            self._there = FilmReader(self._path), threading.Lock()
        other, lock = self._there
        with lock:
            if other is not self._here[0] and not other.holds(leap):
                other.prepare(leap)
        return False

    def close(self) -> None:
        """End the thread; it closes nothing that somebody may still look at."""
        self._is_closed = True
        self._wake.set()
