"""Bans and journals of a show: read when it begins, written while it plays. Nothing is run.

A journal is bounded (`patina.MOST` traces) and written whole, to a file beside it that then takes
its place: a crash leaves the old one or the new one, and loses the last minute.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.modifiers.ban import MOST_BANS, bans_of
from engine.core.modifiers.patina import LARGEST_WEIGHT, MOST, blank, settled, visits_of
from engine.core.path.memory import NO_PAST, Ban, Past, Visits
from engine.core.path.model import Path as Trajectory
from engine.core.path.model import PathState
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.builder import NoFileError, ShowBuilder
from engine.system import npy, untrusted
from engine.system.npy import Arrays
from engine.system.untrusted import OutsideError

WRITE_S = 60.0
SOON_S = 2.0
"""After a ban: it must outlive whatever follows."""


def read_past(builder: ShowBuilder, bans: str, journal: str, size: int) -> Past:
    """Read what a path has behind it, by files or empty names; one that is not there is empty.

    A file that cannot be read is one sentence in `Past.problems`, and is left as it is: the show
    plays on without it.
    """
    if not bans and not journal:
        return NO_PAST
    for name in filter(None, (bans, journal)):
        if not name.endswith(".npz"):
            raise ValueError(f"bans, journal: '{name}' does not end in .npz")
        if name in builder.files or bans == journal:
            raise ValueError(f"bans, journal: the show names '{name}' twice; name a file for each")
    wrong: list[str] = []
    found_bans = _read(builder, bans, lambda a: _bans(a, size), wrong)
    visits = _read(builder, journal, lambda a: _visits(a, size), wrong)
    return Past(
        bans=None if not bans else found_bans or (),
        visits=None if not journal else visits or blank(size),
        bans_file="" if found_bans is None else bans,
        journal="" if visits is None else journal,
        problems=tuple(wrong),
    )


def _read(
    builder: ShowBuilder, name: str, read: Callable[[Arrays | None], Any], wrong: list[str]
) -> Any:
    if not name:
        return None
    try:
        data = builder.file(name)
    except NoFileError:
        builder.files[name] = data = b""  # so that a take knows that there was none
    except OutsideError:
        raise
    except ValueError as error:
        builder.files[name] = b""
        wrong.append(f"{error}; the show goes on without it")
        return None
    try:
        return read(npy.read(data) if data else None)
    except (ValueError, KeyError):
        wrong.append(
            f"{name} is not what this show wrote for this path; the show goes on without it, and "
            "leaves it as it is: move it away to begin anew"
        )
        return None


def _bans(arrays: Arrays | None, size: int) -> tuple[Ban, ...]:
    if arrays is None:
        return ()
    centres, radii = np.asarray(arrays["centres"], "<f4"), np.asarray(arrays["radii"], np.float64)
    is_sound = centres.shape == (len(radii), size) and radii.ndim == 1 and len(radii) <= MOST_BANS
    if not is_sound or not np.isfinite(centres).all() or not centres.any(axis=1).all():
        raise ValueError("no bans of this path")
    if not ((radii > 0.0) & (radii <= 0.5 * math.pi)).all():
        raise ValueError("no radii")
    return tuple((row.tobytes(), float(r)) for row, r in zip(centres, radii, strict=True))


def _visits(arrays: Arrays | None, size: int) -> Visits:
    if arrays is None:
        return blank(size)
    centres, weights = np.asarray(arrays["centres"], np.float64), arrays["weights"]
    weights = np.asarray(weights, np.float64)
    is_sound = centres.shape == (len(weights), size) and weights.ndim == 1 and len(weights) <= MOST
    if not is_sound or not (np.abs(centres) <= 1.01).all() or not (weights >= 0.0).all():
        raise ValueError("no journal of this path")
    if not (weights <= LARGEST_WEIGHT).all():
        raise ValueError("no weights")
    return Visits(centres.astype(np.float16), weights, blank(size).fresh)


def problems(show: Show) -> list[str]:
    """Sentences about files that could not be read, or could be read in two ways."""
    return [*show.notes, *(text for path in show.constants.paths for text in path.past.problems)]


def written(path: Trajectory, path_state: PathState) -> dict[str, Arrays]:
    """Say what the files of a path hold now: file name → arrays."""
    found: dict[str, Arrays] = {}
    if path.past.bans_file:
        bans = bans_of(path, path_state)
        centres = [np.frombuffer(data, "<f4") for data, _ in bans]
        found[path.past.bans_file] = {
            "centres": np.array(centres, "<f4").reshape(-1, path.size),
            "radii": np.array([radius for _, radius in bans]),
        }
    if path.past.journal:
        visits = settled(visits_of(path, path_state))
        found[path.past.journal] = {
            "centres": visits.centres.astype("<f2"), "weights": visits.weights,
        }  # fmt: skip
    return found


class Journals:
    """Writes the bans and journals of a show that plays in a thread; without a `folder` none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept: dict[str, object] = {}
        self._bans: tuple[object, ...] = ()
        self._since_s: float | None = None
        self._thread: threading.Thread | None = None
        self.error = ""

    def tend(self, show: Show, state: State, now_s: float, is_last: bool = False) -> None:
        """Write what has changed, if it is time; the last time wait for the disk."""
        since_s = now_s if self._since_s is None else self._since_s
        self._since_s, bans = (
            since_s,
            tuple([path_state.memory.get("bans") for path_state in state.paths]),
        )
        wait_s = WRITE_S if bans == self._bans else SOON_S
        if self._folder is None or not (is_last or now_s - since_s >= wait_s):
            return
        if self._thread is not None and self._thread.is_alive() and not is_last:
            return
        self._since_s, self._bans = now_s, bans
        changed: dict[str, Arrays] = {}
        for path, path_state in zip(show.paths, state.paths, strict=True):
            now = (path_state.memory.get("bans"), path_state.memory.get("traces"))
            if now != (None, None) and self._kept.get(path.name) != now:
                self._kept[path.name] = now
                changed |= written(path, path_state)
        if self._thread is not None:
            self._thread.join()
        if changed:
            self._thread = threading.Thread(target=self._write, args=(changed,), name="journals")
            self._thread.start()
        if is_last and self._thread is not None:
            self._thread.join()

    def _write(self, changed: dict[str, Arrays]) -> None:
        for name, arrays in changed.items():
            folder = self._folder or Path()
            try:  # what lies there may have changed since the show was read
                npy.write(untrusted.place(name, folder), arrays)
            except OutsideError as error:
                self.error = f"{error}; the show goes on"
            except OSError as error:
                what = f"cannot be written: {error.strerror}"
                self.error = f"{folder / name}: {what}; the show goes on"
