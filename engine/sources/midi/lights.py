"""What is to be shown on devices (LEDs, motor faders): the newest value of each control, in time.

A control is sent at most 50 times a second, a device gets at most what a MIDI cable carries (about
1000 messages a second). What is newer replaces what waits; the last value always arrives.
"""

from __future__ import annotations

from engine.sources.midi.names import encode

_PERIOD_NS = 20_000_000
_MESSAGE_NS = 1_000_000
_BURST_NS = 10 * _MESSAGE_NS
_MOST_REMEMBERED = 4096


class Lights:
    """Values that wait to be sent, and how many controls no MIDI message can show."""

    def __init__(self) -> None:
        self.refused = 0
        self._waiting: dict[tuple[str, str], list[bytes]] = {}
        self._sent_ns: dict[tuple[str, str], int] = {}
        self._free_ns: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, device: str, control: str, value: float) -> None:
        """Let a control of a device show a value."""
        messages = encode(control, value)
        if messages is None:
            self.refused += 1
        else:
            self._waiting[device, control] = messages

    def take(self, now_ns: int) -> list[tuple[str, list[bytes]]]:
        """Take what may be sent now: device and messages."""
        found = []
        if len(self._sent_ns) > _MOST_REMEMBERED:
            self._sent_ns.clear()
        for key in list(self._waiting):
            device = key[0]
            free_ns = max(self._free_ns.get(device, 0), now_ns - _BURST_NS)
            if (
                free_ns > now_ns
                or now_ns - self._sent_ns.get(key, now_ns - _PERIOD_NS) < _PERIOD_NS
            ):
                continue
            messages = self._waiting.pop(key)
            self._free_ns[device] = free_ns + len(messages) * _MESSAGE_NS
            self._sent_ns[key] = now_ns
            found.append((device, messages))
        return found
