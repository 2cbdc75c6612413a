"""Monitor of MIDI: ports as they come and go, every message in words and as a control."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from engine.core.tempo.midi_clock import MidiClock
from engine.sources.midi.controls import Interpreter
from engine.sources.midi.decode import Parser
from engine.sources.midi.inputs import Inputs
from engine.sources.midi.names import note_name
from engine.sources.midi.ports import RtMidi, open_system, survey
from engine.system.spawn import silence_libraries

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


_SCAN_S = 0.25
_MOST_MESSAGES = 10_000
_QUIET = (0xF8, 0xFE)


class Monitor:
    """What was heard of each device; `lines` says it."""

    def __init__(self) -> None:
        self._devices: dict[str, tuple[Parser, Interpreter, MidiClock]] = {}
        self.messages: list[dict[str, Any]] = []

    def read(self, device: str, data: bytes, now_ns: int) -> list[str]:
        """Read bytes of a device; return lines to print."""
        if device not in self._devices:
            self._devices[device] = Parser(), Interpreter(), MidiClock()
        parser, interpreter, clock = self._devices[device]
        before, lines = parser.refused.copy(), []
        for message in parser.feed(data):
            sync = clock.feed(message[0], tuple(message[1:]), now_ns) if message[0] > 0xF0 else None
            controls = dict(interpreter.read(message))
            words = describe(message)
            if sync is not None and sync.bpm:
                words += f": {sync.bpm:.1f} bpm, beat {sync.beat:.2f}"
            elif message[0] in _QUIET:
                continue
            moved = ", ".join(f"{name} = {value:.3f}" for name, value in controls.items())
            lines.append(f"{device}: {words}" + (f"  →  {moved}" if moved else ""))
            self._keep(device=device, bytes=message.hex(" "), words=words, controls=controls)
        for why in parser.refused - before:
            lines.append(f"{device}: not understood: {why}: {data[:24].hex(' ')}")
            self._keep(device=device, bytes=data[:24].hex(" "), words=why, controls={})
        return lines

    def _keep(self, **message: Any) -> None:
        if len(self.messages) < _MOST_MESSAGES:
            self.messages.append(message)


def run(device: str | None, seconds: float | None, as_json: bool) -> int:
    """Listen until it is over or interrupted.

    Raises
    ------
    OSError
        If this machine has no MIDI.
    """
    silence_libraries()
    try:
        system = open_system()
    except ImportError as error:
        raise OSError(str(error)) from None
    monitor = Monitor()
    found = survey(system)

    def say(text: str) -> None:
        if not as_json:
            print(text, flush=True)

    for title in ("inputs", "outputs"):
        say(f"{title}: " + (", ".join(f"'{name}'" for name in found[title]) or "none"))
    with suppress(KeyboardInterrupt):
        _listen(system, [device] if device else [], seconds, monitor, say)
    if as_json:
        print(json.dumps({**found, "messages": monitor.messages}, indent=2))
    return 0


def _listen(
    system: RtMidi,
    asked: list[str],
    seconds: float | None,
    monitor: Monitor,
    say: Callable[[str], None],
) -> None:
    box: SimpleQueue[tuple[int, str, bytes]] = SimpleQueue()
    inputs = Inputs(
        system, asked, lambda device, data: box.put((time.perf_counter_ns(), device, data))
    )
    begin_s, scan_s = time.monotonic(), 0.0
    told: dict[str, str] = {}
    while seconds is None or time.monotonic() - begin_s < seconds:
        if time.monotonic() >= scan_s:
            scan_s = time.monotonic() + _SCAN_S
            opened, gone = inputs.scan()
            failed = {name: f"cannot be opened ({why})" for name, why in inputs.failed.items()}
            news = dict.fromkeys(gone, "gone") | dict.fromkeys(opened, "listening")
            for name, what in (news | failed).items():
                if name in news or name not in told:
                    say(f"{name}: {what}")
            told = failed
        try:
            arrival_ns, device, data = box.get(timeout=0.05)
        except Empty:
            continue
        for line in monitor.read(device, data, arrival_ns):
            say(line)
    inputs.close()
