"""Saving of a show as it stands, in a thread: no frame waits for a disk."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.core.show.mapping import ControlMapping
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.show.load import Loaded
from engine.documents.show.mappings import with_mappings
from engine.documents.show.saving.save import save_copy

MOST_COPIES = 1000
"""Of one performance: whoever sends OSC fills no disk."""


class Saving:
    """Writes copies, one at a time."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._count = 0

    def save(
        self, loaded: Loaded, show: Show, state: State, learned: Sequence[ControlMapping] = ()
    ) -> None:
        """Begin to write a copy of what is there now, unless one is being written."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._count += 1
        if self._count > MOST_COPIES:
            self._told.put(f"not saved: this performance has {MOST_COPIES} copies already")
            return
        copied = replace(loaded, text=with_mappings(loaded.text, learned)) if learned else loaded
        self._thread = threading.Thread(target=self._write, args=(copied, show, state), name="save")
        self._thread.start()

    def _write(self, loaded: Loaded, show: Show, state: State) -> None:
        try:
            out = save_copy(loaded, show, state, time.strftime("%Y%m%d-%H%M%S"))
            self._told.put(f"saved as {out}")
        except (OSError, ValueError) as error:
            self._told.put(f"not saved: {error}")

    def tend(self, notify: Callable[[str], None]) -> None:
        """Say what became of it."""
        while not self._told.empty():
            notify(self._told.get())

    def close(self) -> None:
        """Let a copy that is being written be whole."""
        if self._thread is not None:
            self._thread.join()
