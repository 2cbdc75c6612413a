"""What MIDI messages move: names of controls and their values, for one device.

7-bit values become 0..1 (127 is 1), pitch bend -1..1; a note's value is its velocity and 0 once it
is released. Controllers of 14 bits come as two messages. The coarse half comes first and would jump
back for one message each time it changes, so until the fine half is there it takes the value that
is nearest to the last one.

Two plain controllers cannot be told from a pair of 14 bits by their messages. So pairs are what the
operator declares (`cc14`), and (N)RPN are what MIDI 1.0 says they are: controllers 98 to 101 choose
a parameter, 6, 38, 96 and 97 set the one that was chosen; without a choice these are plain.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.sources.midi.mpe import LOWER, UPPER, Zones
from engine.sources.midi.names import Control, bipolar14, control_name, wide_name

_COARSE, _FINE, _MORE, _LESS = 6, 38, 96, 97
_SELECT = {98: ("nrpn", 0), 99: ("nrpn", 1), 100: ("rpn", 0), 101: ("rpn", 1)}
_NONE_CHOSEN = 16383
_ZONES_RPN = 6
_ENDS_NOTES = (120, 123)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the messages of a device are read, see `engine.sources.midi.midi.Config`."""

    cc14: tuple[int, ...] = ()
    nrpn: bool = True
    mpe: int = 0


class Pair:
    """A value of two halves; 7 bits until the first fine half comes."""

    def __init__(self) -> None:
        self._coarse = self._fine = -1

    def set_coarse(self, value: int) -> float:
        """Take the coarse half, and as fine half what is nearest to the value before."""
        if self._fine >= 0 and value != self._coarse:
            self._fine = 0 if value > self._coarse else 127
        self._coarse = value
        return self.value

    def set_fine(self, value: int) -> float | None:
        """Take the fine half; None as long as there is no coarse one."""
        if self._coarse < 0:
            return None
        self._fine = value
        return self.value

    def step(self, by: int) -> float:
        """Go up or down by the smallest step that it has shown."""
        if self._fine < 0:
            self._coarse = (
                min(max(self._coarse, 0) + by, 127) if by > 0 else max(self._coarse, 1) - 1
            )
        else:
            whole = min(max((self._coarse << 7 | self._fine) + by, 0), 16383)
            self._coarse, self._fine = whole >> 7, whole & 0x7F
        return self.value

    @property
    def value(self) -> float:
        """0..1."""
        if self._fine < 0:
            return max(self._coarse, 0) / 127
        return (self._coarse << 7 | self._fine) / 16383


class Interpreter:
    """Reads the messages of one device."""

    def __init__(self, reading: Reading | None = None) -> None:
        self._reading = reading = reading or Reading()
        self._pairs: dict[str, Pair] = {}
        self._chosen: dict[int, tuple[str, int]] = {}
        self._held: dict[str, None] = {}
        self._zones = Zones(reading.mpe)
        self._wide = frozenset(reading.cc14)
        special = {_COARSE, _FINE, _MORE, _LESS, *_SELECT} if reading.nrpn else set()
        self._special = special | self._wide | {n + 32 for n in self._wide} | set(_ENDS_NOTES)

    def read(self, message: bytes) -> list[Control]:
        """Read one whole message; empty for those of the system, which move no control."""
        status = message[0]
        if status >= 0xF0:
            return []
        channel = status & 0x0F
        if channel in self._zones.members:
            found = self._zones.read(message)
            if found is not None:
                return found
        kind = status & 0xF0
        if kind == 0xB0:
            if message[1] in self._special:
                return self._read_special(channel, message[1], message[2])
            return [(control_name(status, message[1]), message[2] / 127)]
        if kind in (0x80, 0x90):
            return self._read_note(control_name(status, message[1]), message)
        name = control_name(status, message[1])
        if kind == 0xE0:
            return [(name, bipolar14(message[1] | message[2] << 7))]
        return [(name, message[-1] / 127)]

    def _read_note(self, name: str, message: bytes) -> list[Control]:
        value = message[2] / 127 if message[0] >= 0x90 else 0.0
        if value:
            self._held[name] = None
        else:
            self._held.pop(name, None)
        return [(name, value)]

    def _read_special(self, channel: int, number: int, value: int) -> list[Control]:
        if number in _ENDS_NOTES:
            return [*self._release(channel), (control_name(0xB0 | channel, number), value / 127)]
        if number in self._wide or number - 32 in self._wide:
            return self._set(wide_name(channel, "cc14", number % 32), number >= 32, value)
        if number in _SELECT:
            return self._choose(channel, *_SELECT[number], value)
        kind, parameter = self._chosen.get(channel, ("", _NONE_CHOSEN))
        if parameter == _NONE_CHOSEN:
            return [(control_name(0xB0 | channel, number), value / 127)]
        if (kind, parameter) == ("rpn", _ZONES_RPN) and channel in (LOWER, UPPER):
            return self._zones.configure(channel, value) if number == _COARSE else []
        name = wide_name(channel, kind, parameter)
        if number in (_COARSE, _FINE):
            return self._set(name, number == _FINE, value)
        return [(name, self._pair(name).step(1 if number == _MORE else -1))]

    def _choose(self, channel: int, kind: str, is_coarse: int, value: int) -> list[Control]:
        before, parameter = self._chosen.get(channel, (kind, _NONE_CHOSEN))
        if before != kind:
            parameter = _NONE_CHOSEN
        chosen = value << 7 | parameter & 0x7F if is_coarse else parameter & 0x3F80 | value
        self._chosen[channel] = (kind, chosen)
        return []

    def _set(self, name: str, is_fine: bool, value: int) -> list[Control]:
        pair = self._pair(name)
        found = pair.set_fine(value) if is_fine else pair.set_coarse(value)
        return [] if found is None else [(name, found)]

    def _pair(self, name: str) -> Pair:
        if name not in self._pairs and len(self._pairs) > 4096:
            self._pairs.clear()  # a device that counts through every parameter
        return self._pairs.setdefault(name, Pair())

    def _release(self, channel: int) -> list[Control]:
        start = control_name(0x90 | channel, 0).removesuffix("0")
        names = [name for name in self._held if name.startswith(start)]
        for name in names:
            del self._held[name]
        return [(name, 0.0) for name in names] + self._zones.release([channel])

    def release(self) -> list[Control]:
        """Let go of everything that is held: the device is gone, and will not say so itself."""
        return [each for channel in range(16) for each in self._release(channel)]
