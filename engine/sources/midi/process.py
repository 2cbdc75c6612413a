"""MIDI process: owns the ports, reads what comes in, sends lights and clock.

A process of its own, because a busy player makes a callback of the MIDI system wait, because a
clock must not depend on frames, and because these systems hang or abort when their server dies.
What arrives is stamped with the player's clock before anything else is done.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from multiprocessing import parent_process
from queue import Empty, SimpleQueue
from typing import NamedTuple, NoReturn

from engine.core.tempo.midi_clock import MidiClock
from engine.core.tempo.timecode import Mtc
from engine.sources.midi.clock_out import ClockOut, Line
from engine.sources.midi.controls import Interpreter, Reading
from engine.sources.midi.decode import Parser
from engine.sources.midi.inputs import Inputs
from engine.sources.midi.lights import Lights
from engine.sources.midi.memory import Memory, attach_memory, text
from engine.sources.midi.ports import (
    MidiPort,
    RtMidi,
    counterpart,
    open_system,
    tidy,
    wanted,
)
from engine.sources.watched import BEATS, Status
from engine.system.spawn import end_with_parent, silence_libraries

SCAN_NS = 250_000_000
_EMPTY_NS = 1_000_000_000
_RETRY_S = 2.0
_IDLE_S, _LIT_S = 0.1, 0.01
_LEAD_NS = 2_000_000_000
_MOST_WAITING = 65_536
_MOST_AT_ONCE = 256
_MOST_NAMES = 64


class Job(NamedTuple):
    """What the process is to do, see `engine.sources.midi.midi.Config`."""

    devices: tuple[str, ...]
    reading: Reading
    clock_out: tuple[str, ...] = ()
    clock_offset_ns: int = 0


class Device:
    """What is known of an input that is open."""

    def __init__(self, reading: Reading) -> None:
        self.parser = Parser()
        self.controls = Interpreter(reading)
        self.clock, self.code = MidiClock(), Mtc()


class Service:
    """The work of the process; `step` does what is due and waits a little."""

    def __init__(self, memory: Memory, system: RtMidi, job: Job, now_ns: Callable[[], int]) -> None:
        self._memory, self._system, self._job, self._now_ns = memory, system, job, now_ns
        self._box: SimpleQueue[tuple[int, str, bytes]] = SimpleQueue()
        self._inputs = Inputs(system, job.devices, self._put)
        self._devices: dict[str, Device] = {}
        self._outputs: dict[str, MidiPort] = {}
        self._there: list[str] = []
        self._pairs: dict[str, str | None] = {}
        self._clocks: dict[str, ClockOut] = {}
        self._line: Line | None = None
        self._lights = Lights()
        self._raw: list[tuple[str, bytes]] = []
        self._piece = b""
        self._leader, self._led_ns = "", 0
        self._scan_ns = 0
        self._refused: Counter[str] = Counter()
        self._messages = self._sent = self._overflows = 0
        self._is_lit = False

    def _put(self, device: str, data: bytes) -> None:
        """Take what arrives; called from threads of the system's."""
        if self._box.qsize() < _MOST_WAITING:
            self._box.put((self._now_ns(), device, data))
        else:
            self._overflows += 1

    def step(self) -> None:
        """Do what is due, then wait for what comes next; it is at most a tenth of a second.

        Raises
        ------
        OSError
            If the MIDI system is gone.
        """
        now_ns = self._now_ns()
        if now_ns >= self._scan_ns:
            self._scan(now_ns)
            is_empty = not self._inputs.there and not self._there
            self._scan_ns = now_ns + (_EMPTY_NS if is_empty else SCAN_NS)
        self._read_player()
        self._send_lights(now_ns)
        wait_s = min(_LIT_S if self._is_lit else _IDLE_S, self._send_clock())
        self._memory.words[BEATS] += 1
        for _ in range(_MOST_AT_ONCE):
            try:
                arrival_ns, device, data = self._box.get(timeout=wait_s)
            except Empty:
                break
            wait_s = 0.0
            if device in self._devices:
                self._receive(arrival_ns, device, data)

    def _scan(self, now_ns: int) -> None:
        opened, gone = self._inputs.scan()
        for name in gone:
            device = self._devices.pop(name)
            self._refused += device.parser.refused
            for control, value in device.controls.release():
                self._move(now_ns, name, control, value)
        for name in opened:
            self._devices[name] = Device(self._job.reading)
        raw = self._system.outputs()
        self._there = tidy(raw)
        there = self._inputs.there
        self._pairs = {name: counterpart(name, self._there, there) for name in there}
        for name in [name for name in self._outputs if name not in self._there]:
            self._close_output(name)
        asked = wanted(self._there, self._job.clock_out) if self._job.clock_out else []
        for name in [name for name in self._clocks if name not in asked]:
            del self._clocks[name]
        for name in asked:
            if name not in self._clocks:
                self._clocks[name] = ClockOut()
                if self._line is not None:
                    self._clocks[name].follow(self._line)
        self._tell()

    def _tell(self) -> None:
        refused = sum((each.parser.refused for each in self._devices.values()), self._refused)
        if self._lights.refused:
            refused = refused + Counter(
                {"a control that no message can show": self._lights.refused}
            )
        if self._overflows:
            refused = refused + Counter({"a message too many at once": self._overflows})
        self._memory.tell(
            system=self._system.name,
            there=self._inputs.there[:_MOST_NAMES],
            open=self._inputs.devices[:_MOST_NAMES],
            failed=dict(list(self._inputs.failed.items())[:_MOST_NAMES]),
            outputs=wanted(self._there, [""])[:_MOST_NAMES],
            clocks=list(self._clocks)[:_MOST_NAMES],
            refused=dict(refused),
            messages=self._messages,
            sent=self._sent,
        )

    def _receive(self, arrival_ns: int, name: str, data: bytes) -> None:
        device = self._devices[name]
        for message in device.parser.feed(data):
            self._messages += 1
            if message[0] >= 0xF0:
                self._time(arrival_ns, name, message)
            for control, value in device.controls.read(message):
                self._move(arrival_ns, name, control, value)

    def _move(self, ns: int, device: str, control: str, value: float) -> None:
        self._memory.moved.put((ns, value, 0.0, text(device), control.encode()))

    def _time(self, arrival_ns: int, name: str, message: bytes) -> None:
        """Follow clock and timecode of the first device that sends them, never of a listener."""
        if message[0] >= 0xFE or self._pairs.get(name) in self._clocks:
            return
        if name != self._leader:
            if self._leader in self._devices and arrival_ns - self._led_ns < _LEAD_NS:
                return
            self._leader = name
        self._led_ns = arrival_ns
        device, data = self._devices[name], tuple(message[1:])
        sync = device.clock.feed(message[0], data, arrival_ns)
        if sync is not None:
            how = b"/sync/%d/%d" % (sync.is_playing, sync.known)
            self._memory.moved.put((arrival_ns, sync.beat, sync.bpm, text(name), how))
        position = device.code.feed(message[0], data, arrival_ns)
        if position is not None:
            told = (arrival_ns, position.seconds, position.speed, text(name), b"/timecode")
            self._memory.moved.put(told)

    def _read_player(self) -> None:
        for ns, value, bpm, who, control in self._memory.shown.take(_MOST_AT_ONCE):
            device = who.decode("utf-8", "replace")
            if control == b"/beat":
                self._line = Line(ns - self._job.clock_offset_ns, value, bpm, device == "1")
                for clock in self._clocks.values():
                    clock.follow(self._line)
            elif control[:1] in (b"/", b"+"):
                self._piece += bytes.fromhex(control[1:].decode())
                if control[:1] == b"/":
                    self._raw.append((device, self._piece))
                    self._piece = b""
            else:
                self._lights.put(device, control.decode("utf-8", "replace"), value)

    def _send_lights(self, now_ns: int) -> None:
        raw, self._raw = self._raw, []
        for device, message in raw:
            self._show(device, [message])
        for device, messages in self._lights.take(now_ns):
            self._show(device, messages)

    def _show(self, device: str, messages: list[bytes]) -> None:
        self._is_lit = True
        output = self._pairs.get(device) or device
        for message in messages if output in self._there else ():
            self._send(output, message)

    def _send_clock(self) -> float:
        """Send what is due; return for how long nothing will be."""
        wait_s = _IDLE_S
        for name, clock in self._clocks.items():
            now_ns = self._now_ns()
            messages, next_ns = clock.due(now_ns)
            for message in messages:
                self._send(name, message)
            if next_ns is not None:
                wait_s = min(wait_s, (next_ns - now_ns) / 1e9)
        return wait_s

    def _send(self, output: str, message: bytes) -> None:
        try:
            if output not in self._outputs:
                self._outputs[output] = self._system.open_output(self._there.index(output))
            self._outputs[output].send(message)
            self._sent += 1
        except (OSError, ValueError, IndexError):
            self._close_output(output)

    def _close_output(self, name: str) -> None:
        port = self._outputs.pop(name, None)
        if port is not None:
            port.close()


def run(names: str, job: Job, now_ns: Callable[[], int]) -> NoReturn:
    """Entry point of the process: runs until the player ends."""
    memory = attach_memory(names)
    silence_libraries()
    end_with_parent()
    sys.setswitchinterval(0.0005)  # a callback of the system waits for no more than that
    service = Service(memory, _open_patiently(memory), job, now_ns)
    memory.set_status(Status.RUNNING)
    try:
        while True:
            service.step()
    except OSError:
        memory.tell(there=[], open=[], outputs=[])
    _leave()  # another process tries again: a library whose server died may hang when it is tidied


def _open_patiently(memory: Memory) -> RtMidi:
    """Open the system; try again until there is one."""
    parent = parent_process()
    while parent is not None:
        try:
            return open_system()
        except ImportError as error:
            memory.set_status(Status.NO_LIBRARY, str(error))
            _leave()
        except OSError as error:
            memory.set_status(Status.NO_DEVICE, str(error))
        memory.words[BEATS] += 1  # still trying, not hanging
        parent.join(_RETRY_S)
    _leave()


def _leave() -> NoReturn:
    os._exit(0)
