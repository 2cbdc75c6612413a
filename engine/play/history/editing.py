"""Editing by hand while it plays: capture, undo, redo, and back to the last good state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.control.recall.restore import ADDRESS, Standing
from engine.core.event import Event, Value
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.show.load import Loaded
from engine.play.event_queue import EventQueue
from engine.play.history.capturing import Capturing
from engine.play.history.history import History, Step, written

EDITING = ("capture", "undo", "redo", "restore")
"""Words of the host that come here."""


class Editing:
    """What hands did with a show, and what they want back; `tell` shows a line for a moment."""

    def __init__(self, loaded: Loaded, queue: EventQueue, tell: Callable[[str], None]) -> None:
        self._queue = queue
        self._tell = tell
        self.history = History()
        self._capturing = Capturing(loaded)

    def note(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Watch a tick; fits `Line.on_tick`."""
        self.history.note(show, before, events, after)

    def saved(self, show: Show, state: State) -> None:
        """Take what was saved as the last good state."""
        self.history.keep_good(show, state, "as it was saved")

    def command(self, word: str, value: Value, show: Show, state: State) -> None:
        """Do what a hand asks for."""
        if word == "capture":
            self._capture(show, state, value if isinstance(value, str) else "")
        elif word == "restore":
            step = self.history.back_to_good(show, state)
            self._tell(step.text if step else "this is the last good state")
            if step is not None:
                self._put(step.new, state)
        else:
            step = self.history.undo() if word == "undo" else self.history.redo()
            self._tell(f"{word}: {step.text}" if step else f"nothing to {word}")
            if step is not None:
                self._act(step, word == "undo", state)

    def _act(self, step: Step, is_undone: bool, state: State) -> None:
        act = step.undoes if is_undone else step.does
        if act is not None:
            act()
        else:
            self._put(step.old if is_undone else step.new, state)

    def _put(self, standing: Standing, state: State) -> None:
        self._queue.add(state.tick + 1, ADDRESS, written(standing).write(), "history")

    def _capture(self, show: Show, state: State, words: str) -> None:
        try:
            step = self._capturing.capture(show, state, words)
        except ValueError as error:
            self._tell(str(error))
            return
        self.history.add(step)
        self.saved(show, state)
        self._tell(step.text)

    def follow(self, loaded: Loaded) -> bool:
        """Go on from an edited file; true if it comes with the captured cues in a while."""
        return self._capturing.follow(loaded)

    def tend(self, notify: Callable[[str], None]) -> Loaded | None:
        """Hand over the show with its captured cues once it is there."""
        return self._capturing.tend(notify)

    def close(self) -> None:
        """Let what is being prepared come to its end."""
        self._capturing.close()
