"""MIDI messages in words, for people who look what their device sends."""

from __future__ import annotations

from engine.sources.midi.names import note_name

_SYSTEM = {
    0xF0: "SysEx", 0xF1: "timecode, quarter frame", 0xF2: "song position", 0xF3: "song",
    0xF6: "tune request", 0xF8: "clock", 0xFA: "start", 0xFB: "continue", 0xFC: "stop",
    0xFE: "active sensing", 0xFF: "reset",
}  # fmt: skip
_PARAMETERS = (6, 38, *range(96, 102))


def describe(message: bytes) -> str:
    """Say what a whole message says."""
    status = message[0]
    if status == 0xF0:
        return f"SysEx of {len(message)} bytes"
    if status == 0xF2:
        return f"song position: sixteenth {message[1] | message[2] << 7}"
    if status >= 0xF0:
        return _SYSTEM[status]
    return f"{_channel_message(message)}, channel {(status & 0x0F) + 1}"


def _channel_message(message: bytes) -> str:
    kind, number, value = message[0] & 0xF0, message[1], message[-1]
    if kind == 0xB0:
        meaning = " (chooses or sets an NRPN or RPN)" if number in _PARAMETERS else ""
        return f"controller {number} at {value}{meaning}"
    if kind == 0xE0:
        return f"pitch bend {(number | value << 7) - 8192:+d}"
    if kind == 0xC0:
        return f"program {number}"
    if kind == 0xD0:
        return f"pressure {number}"
    note = f"{number} ({note_name(number)})"
    if kind == 0xA0:
        return f"pressure {value} on note {note}"
    is_on = kind == 0x90 and value > 0
    return f"note {note} at velocity {value}" if is_on else f"note {note} released"
