"""Open MIDI inputs: what is plugged in is opened, what is gone is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from engine.sources.midi.ports import MidiPort, RtMidi, tidy, wanted


class Inputs:
    """The inputs of a system that are listened to.

    Parameters
    ----------
    asked
        Names of devices, or parts of them; empty: all.
    receive
        Called with device and bytes, from a thread of the system's.

    Attributes
    ----------
    there
        Names of all devices that are plugged in.
    failed
        Device → why it could not be opened.
    """

    def __init__(
        self, system: RtMidi, asked: Sequence[str], receive: Callable[[str, bytes], None]
    ) -> None:
        self._system, self._asked, self._receive = system, asked, receive
        self._open: dict[str, tuple[tuple[str, int], MidiPort]] = {}
        self.there: list[str] = []
        self.failed: dict[str, str] = {}

    @property
    def devices(self) -> list[str]:
        """Names of those that are open."""
        return list(self._open)

    def scan(self) -> tuple[list[str], list[str]]:
        """Look what is plugged in; return what was opened and what was closed.

        Raises
        ------
        OSError
            If the system does not answer.
        """
        raw = self._system.inputs()
        names = tidy(raw)
        self.there = [name for name in names if wanted([name], [""])]
        # Several of one name cannot be told apart: when their number changes, all are opened anew.
        counts = Counter(raw)
        stamps = {name: (each, counts[each]) for name, each in zip(names, raw, strict=True)}
        asked = wanted(names, self._asked)
        gone = [n for n, (stamp, _) in self._open.items() if n not in asked or stamps[n] != stamp]
        for name in gone:
            self._open.pop(name)[1].close()
        self.failed = {name: why for name, why in self.failed.items() if name in asked}
        opened = [name for name in asked if name not in self._open]
        return [name for name in opened if self._opens(names.index(name), name, stamps[name])], gone

    def _opens(self, index: int, name: str, stamp: tuple[str, int]) -> bool:
        try:
            port = self._system.open_input(index, lambda data: self._receive(name, data))
        except (OSError, IndexError) as error:
            self.failed[name] = str(error)[:200]
            return False
        self.failed.pop(name, None)
        self._open[name] = stamp, port
        return True

    def close(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1][1].close()
