"""MIDI: controllers, clocks and timecode by their cables; what they show comes back to them.

The ports live in a process of their own (`engine.sources.midi.process`); this is the player's side,
which never waits. The process is started by the first `tend`, and only where there is something
like a MIDI system: a show without any costs nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from engine.core.tempo.sync import SYNC, TIMECODE, Beat, Position, Rank, Sync
from engine.sources.contract import Item, Moved
from engine.sources.midi.controls import Reading
from engine.sources.midi.decode import Parser
from engine.sources.midi.memory import IN_LOST, NAME_BYTES, Memory, Record, create_memory, text
from engine.sources.midi.ports import is_there, missing_system_hint
from engine.sources.midi.process import Job, run
from engine.sources.watched import Watched

ADDRESSES = (SYNC, TIMECODE)
_LOOK_S = 2.0
_PATIENCE_S = 4.0
_MOST_WAITING = 8192
_SAME_BEAT = 1e-4  # beyond it the process is told anew
_PIECE_BYTES = (NAME_BYTES - 1) // 2  # of a message, in a record's hex digits
_FAREWELL_S = 0.15  # in which who follows our clock is told to stop


@dataclass(frozen=True, slots=True)
class Config:
    """Which devices, and how they are read.

    Parameters
    ----------
    devices
        Names of inputs or parts of them, in any case; empty: all that are plugged in.
    cc14
        Controllers 0 to 31 that are sent in two halves, the finer one 32 above.
    nrpn
        Whether controllers 6, 38 and 96 to 101 speak of (N)RPN; without it they are plain.
    mpe
        Member channels of an MPE device that does not announce them itself; 0: none.
    clock_out
        Names of outputs, or parts of them, that are sent a MIDI clock.
    clock_offset_ms
        How much earlier they are sent it.
    """

    devices: tuple[str, ...] = ()
    cc14: tuple[int, ...] = ()
    nrpn: bool = True
    mpe: int = 0
    clock_out: tuple[str, ...] = ()
    clock_offset_ms: float = 0.0


def open(config: Config, now_ns: Callable[[], int]) -> Midi:
    """Open it; returns at once, before any port is open.

    Raises
    ------
    ValueError
        If the configuration makes no sense.
    """
    if wrong := [n for n in config.cc14 if not 0 <= n <= 31]:
        raise ValueError(f"midi: cc14 has {wrong[0]}; only controllers 0 to 31 have a finer half")
    if not 0 <= config.mpe <= 15:
        raise ValueError(f"midi: mpe is {config.mpe}; a zone has 0 to 15 member channels")
    if not abs(config.clock_offset_ms) <= 1000.0:
        raise ValueError(f"midi: clock_offset_ms is {config.clock_offset_ms}; use -1000 to 1000")
    return Midi(config, now_ns)


def decode(data: bytes) -> list[bytes]:
    """Read bytes as messages; never raises. What is none is left out, see `Parser`."""
    return Parser().feed(data)


class Midi:
    """The open source."""

    def __init__(self, config: Config, now_ns: Callable[[], int]) -> None:
        self._config, self._now_ns = config, now_ns
        self._memory: Memory | None = None
        self._watched: Watched | None = None
        self._look_s: float | None = None
        self._info: dict[str, Any] = {}
        self._seen: dict[str, None] = {}
        self._moved: deque[Moved] = deque(maxlen=_MOST_WAITING)
        self._items: deque[Item] = deque(maxlen=_MOST_WAITING)
        self._beat: Beat | None = None
        self._told: dict[str, int] = {}

    @property
    def state(self) -> str:
        """``running``, ``lost:`` and which device, ``no device:`` and why, or ``no MIDI``."""
        asked = (*self._config.devices, *self._config.clock_out)
        if self._watched is None:
            if self._look_s is None:
                return "starting"
            return f"no device: {missing_system_hint()}" if asked else "no MIDI"
        if not self._watched.is_running:
            state = self._watched.state
            is_usual = state.startswith("no device") and not asked
            return state.removeprefix("no device: ") if is_usual else state
        info = self._info
        if gone := [name for name in self._seen if name not in info.get("open", ())]:
            return f"lost: '{gone[0]}' is unplugged, or its program has ended"
        if failed := info.get("failed"):
            name, why = next(iter(failed.items()))
            return f"no device: '{name}' cannot be opened ({why}); close the program that has it"
        there = [*info.get("there", ()), *info.get("outputs", ())]
        for part in asked:
            if not any(part.strip().lower() in name.lower() for name in there):
                names = ", ".join(f"'{name}'" for name in dict.fromkeys(there)) or "none"
                return (
                    f"no device: no MIDI device is called '{part[:60]}'; there are: {names[:400]}"
                )
        return "running"

    @property
    def refused(self) -> int:
        """Count what was malformed, and what was lost."""
        lost = int(self._memory.words[IN_LOST]) if self._memory is not None else 0
        return lost + sum(map(int, self._info.get("refused", {}).values()))

    def refusals(self) -> list[tuple[str, str]]:
        """Say what was left out since this was last asked: (address, why)."""
        refused = self._info.get("refused", {})
        if refused == self._told:
            return []
        new = [why for why, count in refused.items() if count > self._told.get(why, 0)]
        self._told = refused
        return [("", why) for why in new]

    @property
    def facts(self) -> dict[str, Any]:
        """What the stats file says beside: ports, messages read and sent, what was refused."""
        told = ("system", "open", "outputs", "clocks", "messages", "sent")
        why = {"refusals": self._info["refused"]} if self._info.get("refused") else {}
        return {key: self._info[key] for key in told if key in self._info} | why

    @property
    def pid(self) -> int:
        """Process ID of the MIDI process, 0 while there is none."""
        return self._watched.pid if self._watched is not None else 0

    def tend(self, now_s: float) -> None:
        """Start the process where it makes sense, and look after it."""
        if self._watched is not None and self._memory is not None:
            self._watched.tend(now_s)
            info = self._memory.info()
            if info is not self._info:
                self._info = info
                self._seen |= dict.fromkeys(info.get("open", ()))
        elif self._look_s is None or now_s >= self._look_s:
            self._look_s = now_s + _LOOK_S
            if is_there():
                self._start()

    def _start(self) -> None:
        config = self._config
        reading = Reading(config.cc14, config.nrpn, config.mpe)
        offset_ns = round(config.clock_offset_ms * 1e6)
        job = Job(config.devices, reading, config.clock_out, offset_ns)
        self._memory = create_memory()
        self._watched = Watched(self._memory, run, (job, self._now_ns), "midi", _PATIENCE_S)

    def poll(self, max_items: int) -> list[Item]:
        """Take what clocks and timecodes said, in order, without waiting."""
        self._drain(max_items)
        return [self._items.popleft() for _ in range(min(max_items, len(self._items)))]

    def moved(self, max_items: int) -> list[Moved]:
        """Take what hands have moved, in order, without waiting."""
        self._drain(max_items - len(self._moved))
        return [self._moved.popleft() for _ in range(min(max_items, len(self._moved)))]

    def _drain(self, count: int) -> None:
        if self._memory is None or count <= 0:
            return
        for record in self._memory.moved.take(count):
            ns, value, _, device, control = record
            if control[0] == 47:  # "/"
                self._items.append(read_time(record))
            else:
                self._moved.append(Moved(ns, _name(device), _name(control), value))

    def devices(self) -> list[str]:
        """Names of the devices that are open."""
        return list(self._info.get("open", ()))

    def show(self, device: str, control: str, value: float) -> None:
        """Let a control of a device show a value: LEDs, motor faders."""
        self._put((0, value, 0.0, text(device), text(control)))

    def write(self, device: str, data: bytes) -> None:
        """Send a device a message as it is, such as a SysEx that wakes its lights."""
        pieces = [data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)]
        for number, piece in enumerate(pieces, 1):
            mark = "/" if number == len(pieces) else "+"
            self._put((0, 0.0, 0.0, text(device), f"{mark}{piece.hex()}".encode()))

    def keep_time(self, beat: Beat) -> None:
        """Let the MIDI clock go on from where the beat is at a moment, at its tempo."""
        if not self._config.clock_out:
            return
        if (told := self._beat) is not None:
            expected = told.beat + (beat.at_ns - told.at_ns) * told.bpm / 60e9
            if told.bpm == beat.bpm and abs(beat.beat - expected) < _SAME_BEAT:
                return
        self._beat = beat
        self._put((beat.at_ns, beat.beat, beat.bpm, b"1", b"/beat"))

    def _put(self, record: Record) -> None:
        if self._memory is not None:
            self._memory.shown.put(record)

    def close(self) -> None:
        """End the process. Harmless when repeated."""
        if self._watched is not None:
            if self._beat is not None:
                self._put((self._now_ns(), 0.0, self._beat.bpm, b"0", b"/beat"))
                threading.Event().wait(_FAREWELL_S)
            self._watched.close()
            self._watched = self._memory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()


def read_time(record: Record) -> Item:
    """Read what a clock or a timecode said, as an event."""
    ns, place, pace, _, how = record
    if how == b"/timecode":
        return ns, TIMECODE, Position(place, pace).value
    _, _, playing, known = how.split(b"/")
    return ns, SYNC, Sync(Rank.MIDI, pace, place, playing == b"1", int(known)).value


@lru_cache(4096)
def _name(data: bytes) -> str:
    return data.decode("utf-8", "replace")
