"""MIDI messages in words, for people who look what their device sends."""

from __future__ import annotations

from engine.sources.midi.names import note_name

_SYSTEM = {
    0xF0: "SysEx", 0xF1: "timecode, quarter frame", 0xF2: "song position", 0xF3: "song",
    0xF6: "tune request", 0xF8: "clock", 0xFA: "start", 0xFB: "continue", 0xFC: "stop",
    0xFE: "active sensing", 0xFF: "reset",
}  # fmt: skip
_CHOOSING = {
    6: "data entry of an NRPN or RPN", 38: "data entry of an NRPN or RPN, fine half",
    96: "an NRPN or RPN goes up", 97: "an NRPN or RPN goes down",
    98: "chooses an NRPN, fine half", 99: "chooses an NRPN", 100: "chooses an RPN, fine half",
    101: "chooses an RPN",
}  # fmt: skip


def describe(message: bytes, nrpn: bool = True) -> str:
    """Say what a whole message says.

    Parameters
    ----------
    nrpn
        Whether controllers that may speak of parameters are explained so.
    """
    status = message[0]
    if status == 0xF0:
        return f"SysEx of {len(message)} bytes"
    if status == 0xF2:
        return f"song position: sixteenth {message[1] | message[2] << 7}"
    if status >= 0xF0:
        return _SYSTEM[status]
    return f"{_channel_message(message, nrpn)}, channel {(status & 0x0F) + 1}"


def _channel_message(message: bytes, nrpn: bool) -> str:
    kind, number, value = message[0] & 0xF0, message[1], message[-1]
    if kind == 0xB0:
        meaning = f" ({_CHOOSING[number]})" if nrpn and number in _CHOOSING else ""
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
