"""Capturing: how a show stands becomes a cue of it while it plays, and can be undone.

The cue is written into the show's text, and the show goes on with that text: so a captured cue is a
cue like any other at once (address, number, fader, saving, take). It is prepared in a thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace

from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.show import load
from engine.documents.show.load import Loaded
from engine.documents.show.saving.capture import Captured, capture, cue_id, with_cue
from engine.play.history.history import Step
from engine.sources.osc.pattern import find, grow, is_pattern

MOST_CUES = 256


class Capturing:
    """Cues that were captured, and the show that has them, as its file says it."""

    def __init__(self, loaded: Loaded) -> None:
        self._file = loaded
        self._cues: tuple[tuple[Show, Captured], ...] = ()
        self._ready: queue.SimpleQueue[Loaded | str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_asked = False

    def capture(self, show: Show, state: State, words: str) -> Step:
        """Capture a cue; return the step, by which it is undone.

        Parameters
        ----------
        words
            A name, addresses or patterns of them, or all of it, with spaces between; none: a new
            name and everything.

        Raises
        ------
        ValueError
            If there are no such addresses, or too many cues.
        """
        given = words.split()
        name = cue_id("_".join(w for w in given if not w.startswith("/")), show)
        chosen = _chosen(show, [w for w in given if w.startswith("/")])
        before = self._cues
        after = (*before, (show, capture(show, state, name, chosen)))
        if len(after) > MOST_CUES:
            raise ValueError(f"not captured: there are {MOST_CUES} captured cues already")
        text = f"capture of cue {name}"
        step = Step(text, does=lambda: self._take(after), undoes=lambda: self._take(before))
        self._take(after)
        return step

    def _take(self, cues: tuple[tuple[Show, Captured], ...]) -> None:
        self._cues = cues
        self._begin()

    def follow(self, loaded: Loaded) -> bool:
        """Go on from an edited file; true if it comes with the captured cues in a while."""
        self._file = loaded
        if self._cues:
            self._begin()
        return bool(self._cues)

    def _begin(self) -> None:
        self._is_asked = True
        if self._thread is None or not self._thread.is_alive():
            self._is_asked = False
            job = threading.Thread(
                target=self._prepare, args=(self._file, self._cues), name="capture", daemon=True
            )
            self._thread = job
            job.start()

    def _prepare(self, file: Loaded, cues: tuple[tuple[Show, Captured], ...]) -> None:
        try:
            self._ready.put(with_cues(file, cues))
        except (ValueError, OSError) as error:
            self._ready.put(f"not captured: {error}")

    def tend(self, notify: Callable[[str], None]) -> Loaded | None:
        """Hand over the show with its captured cues once it is there."""
        if self._is_asked and (self._thread is None or not self._thread.is_alive()):
            self._begin()
        found: Loaded | None = None
        while not self._ready.empty():
            told = self._ready.get()
            if isinstance(told, str):
                notify(told)
            else:
                found = told
        return found

    def close(self) -> None:
        """Wait for a cue that is being prepared."""
        if self._thread is not None:
            self._thread.join(timeout=10)


def with_cues(file: Loaded, cues: tuple[tuple[Show, Captured], ...]) -> Loaded:
    """Read a show with captured cues in its text.

    Raises
    ------
    ValueError
        If the cues have no place in it.
    """
    if not cues:
        return file
    text = file.text
    for show, each in cues:
        text = with_cue(text, show, each)
    found, table = load.read(
        text, str(file.path), file.show.shaders.__getitem__, file.show.files.__getitem__
    )
    return replace(file, show=found, table=table, text=text)


def _chosen(show: Show, given: list[str]) -> frozenset[str]:
    """Addresses of parameters and paths that words are for; of a path also all that is its own."""
    there = [*(p.address for p in show.registry.parameters), *(p.name for p in show.paths)]
    there += dict.fromkeys(show.constants.texts.values())
    found: set[str] = set()
    for word in given:
        if is_pattern(word):
            new = set(find(word, grow(there))[0])
        else:
            new = {a for a in there if a == word or a.startswith(f"{word.rstrip('/')}/")}
            new |= {show.registry.parameters[p].address for p in _places(show, word)}
        if not new:
            raise ValueError(f"not captured: the show has nothing at '{word[:80]}'")
        found |= new
    return frozenset(found)


def _places(show: Show, address: str) -> tuple[int, ...]:
    place = show.registry.index.get(address)
    return show.registry.groups.get(address, ()) if place is None else (place,)
