"""MPE (MIDI Polyphonic Expression, MMA/AMEI RP-053): one channel for each finger, read as voices.

A zone has a master channel (1 or 16) and member channels beside it; RPN 6 on the master channel
says how many. A finger takes the lowest free voice and keeps it until it lets go, so that the first
finger is always voice 1, whatever channel it came by.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.sources.midi.names import Control, bipolar14

LOWER, UPPER = 0, 15
"""Master channels, from 0."""
VOICES = 15
TIMBRE = 74
"""The controller that is a finger's third dimension."""


class Zones:
    """The zones of one device, and which finger is which voice.

    Parameters
    ----------
    members
        Member channels of the lower zone until the device says otherwise; 0: no zone.
    """

    def __init__(self, members: int = 0) -> None:
        self._sizes = {LOWER: members, UPPER: 0}
        self._voices: list[tuple[int, int] | None] = [None] * VOICES
        self._touch: dict[int, dict[str, float]] = {}
        self.members = self._members()

    def configure(self, master: int, members: int) -> list[Control]:
        """Take RPN 6 of a master channel; a zone takes channels from the other one."""
        other = UPPER if master == LOWER else LOWER
        self._sizes[master] = members = min(members, 15)
        self._sizes[other] = max(min(self._sizes[other], 14 - members), 0)
        found = self.release(range(16))
        self._touch.clear()
        self.members = self._members()
        return found

    def _members(self) -> frozenset[int]:
        lower, upper = self._sizes[LOWER], self._sizes[UPPER]
        return frozenset([*range(1, 1 + lower), *range(15 - upper, 15)])

    def read(self, message: bytes) -> list[Control] | None:
        """Read a message of a member channel; None if it says nothing of a finger."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (0x80, 0x90):
            return self._note(channel, message[1], message[2] if kind == 0x90 else 0)
        if kind == 0xE0:
            return self._move(channel, "bend", bipolar14(message[1] | message[2] << 7))
        if kind == 0xD0:
            return self._move(channel, "pressure", message[1] / 127)
        if kind == 0xB0 and message[1] == TIMBRE:
            return self._move(channel, "timbre", message[2] / 127)
        return None

    def _note(self, channel: int, note: int, velocity: int) -> list[Control]:
        finger = (channel, note)
        if velocity == 0:
            return self._release([n for n, each in enumerate(self._voices) if each == finger][:1])
        if None not in self._voices:
            return []
        voice = self._voices.index(None)
        self._voices[voice] = finger
        touch = self._touch.setdefault(channel, {})
        rest = {"bend": 0.0, "pressure": 0.0, "timbre": 0.5} | touch
        moved = {"note": note / 127, **rest, "velocity": velocity / 127}
        return [(f"midi/mpe/{voice + 1}/{name}", value) for name, value in moved.items()]

    def _move(self, channel: int, name: str, value: float) -> list[Control]:
        """Keep what a channel says, also before its note; give it to the voices that it has."""
        self._touch.setdefault(channel, {})[name] = value
        return [
            (f"midi/mpe/{voice + 1}/{name}", value)
            for voice, finger in enumerate(self._voices)
            if finger and finger[0] == channel
        ]

    def release(self, channels: Iterable[int]) -> list[Control]:
        """Let go of every finger on some channels."""
        gone = set(channels)
        return self._release([n for n, each in enumerate(self._voices) if each and each[0] in gone])

    def _release(self, voices: list[int]) -> list[Control]:
        for voice in voices:
            self._voices[voice] = None
        return [(f"midi/mpe/{voice + 1}/velocity", 0.0) for voice in voices]
