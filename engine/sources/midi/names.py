"""Names of controls: `midi/1/cc/7`, and the messages that move them on a device (LEDs, faders)."""

from __future__ import annotations

from functools import cache, lru_cache

Control = tuple[str, float]
"""Name and value: 0..1, bends -1..1."""

_KINDS = {0x80: "note", 0x90: "note", 0xA0: "pressure", 0xB0: "cc", 0xC0: "program",
          0xD0: "pressure", 0xE0: "bend"}  # fmt: skip
_STATUS = {"note": 0x90, "pressure": 0xA0, "cc": 0xB0, "program": 0xC0, "channel": 0xD0}
_NUMBERED = (0x80, 0x90, 0xA0, 0xB0)
_NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@cache
def control_name(status: int, number: int) -> str:
    """Name of what a channel message moves; `number` is its first data byte."""
    name = f"midi/{(status & 0x0F) + 1}/{_KINDS[status & 0xF0]}"
    return f"{name}/{number}" if status & 0xF0 in _NUMBERED else name


@lru_cache(4096)
def wide_name(channel: int, kind: str, number: int) -> str:
    """Name of a control with 14 bits: `kind` is cc14, nrpn or rpn; the channel counts from 0."""
    return f"midi/{channel + 1}/{kind}/{number}"


def note_name(number: int) -> str:
    """Name a note: 60 is C4 (ISO 16 counts octaves so; some makers say C3)."""
    return f"{_NOTES[number % 12]}{number // 12 - 1}"


def bipolar14(value: int) -> float:
    """Turn 0..16383 into -1..1, with 8192 as 0 and both ends exact."""
    away = value - 8192
    return away / 8192 if away < 0 else away / 8191


def encode(control: str, value: float) -> list[bytes] | None:
    """Messages that show a value (0..1, bends -1..1) on a control; None if MIDI cannot show it."""
    place = _place(control)
    if place is None or value != value:
        return None
    kind, channel, number = place
    low = min(max(value, 0.0), 1.0)
    fine = round(low * 16383)
    if kind == "bend":
        away = min(max(value, -1.0), 1.0)
        wide = 8192 + round(away * (8192 if away < 0 else 8191))
        return [bytes([0xE0 | channel, wide & 0x7F, wide >> 7])]
    if kind in ("cc14", "nrpn", "rpn"):
        first = {"cc14": number, "nrpn": 99, "rpn": 101}[kind]
        halves = (first, first + 32) if kind == "cc14" else (6, 38)
        pairs = [] if kind == "cc14" else [(first, number >> 7), (first - 1, number & 0x7F)]
        pairs += [(halves[0], fine >> 7), (halves[1], fine & 0x7F)]
        return [bytes([0xB0 | channel, *pair]) for pair in pairs]
    data = [round(low * 127)] if kind in ("program", "channel") else [number, round(low * 127)]
    return [bytes([_STATUS[kind] | channel, *data])]


@lru_cache(4096)
def _place(control: str) -> tuple[str, int, int] | None:
    """Read a name: kind, channel from 0, number."""
    words = control.split("/")
    numbers = [int(w) if w.isascii() and w.isdigit() and len(w) < 6 else -1 for w in words]
    if len(words) not in (3, 4) or words[0] != "midi" or not 1 <= numbers[1] <= 16:
        return None
    kind, channel = words[2], numbers[1] - 1
    if len(words) == 3:
        kind = "channel" if kind == "pressure" else kind
        return (kind, channel, 0) if kind in ("bend", "program", "channel") else None
    most = {"note": 127, "cc": 127, "pressure": 127, "cc14": 31, "nrpn": 16383, "rpn": 16383}
    return (kind, channel, numbers[3]) if 0 <= numbers[3] <= most.get(kind, -1) else None
