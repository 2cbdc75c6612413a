"""The work of the MIDI process with a system of our own: no port, no process, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.core.tempo.sync import SYNC, TIMECODE
from engine.sources.midi.controls import Reading
from engine.sources.midi.memory import Memory, create_memory
from engine.sources.midi.midi import read_time
from engine.sources.midi.process import SCAN_NS, Job, Service
from tests.sources.midi.rig import System

SECOND = 1_000_000_000


class Rig:
    """A service with its memory, and a clock that a test moves."""

    def __init__(self, memory: Memory, **job: Any) -> None:
        self.memory, self.system, self.ns = memory, System(), 0
        job = {"devices": (), "reading": Reading(), **job}
        self.service = Service(memory, self.system, Job(**job), lambda: self.ns)  # type: ignore[arg-type]

    def step(self, ns: int = SCAN_NS) -> list[tuple[str, str, float]]:
        """Let time pass, then do what is due; what moved."""
        self.ns += ns
        self.service.step()
        found = self.memory.moved.take(10_000)
        return [
            (device.decode(), control.decode(), value) for _, value, _, device, control in found
        ]

    def plug(self, *names: str) -> None:
        self.system.ins += names
        self.step(SECOND)


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = create_memory()
    yield made
    made.close()


def test_what_is_plugged_in_is_heard_and_what_is_unplugged_lets_go(memory: Memory) -> None:
    rig = Rig(memory)
    rig.step()
    rig.plug("Nano 20:0")
    rig.system.receive["Nano 20:0"](b"\x90\x3c\x7f")
    assert rig.step(0) == [("Nano", "midi/1/note/60", 1.0)]
    rig.system.ins.clear()
    assert rig.step() == [("Nano", "midi/1/note/60", 0.0)]
    assert rig.system.ports[0].is_closed
    assert memory.info()["open"] == []
    rig.plug("Nano 24:0")  # another number today
    rig.system.receive["Nano 24:0"](b"\xb0\x07\x7f")
    assert rig.step(0) == [("Nano", "midi/1/cc/7", 1.0)]


def test_of_several_only_those_asked_for_are_opened(memory: Memory) -> None:
    rig = Rig(memory, devices=("nano",))
    rig.plug("Nano", "Launchpad", "Latent Cinema:out")
    assert memory.info()["open"] == ["Nano"]
    assert memory.info()["there"] == ["Nano", "Launchpad"]


def test_twins_are_told_apart_and_opened_anew_when_their_number_changes(memory: Memory) -> None:
    rig = Rig(memory)
    rig.plug("Box", "Box")
    assert memory.info()["open"] == ["Box", "Box #2"]
    rig.system.ins.pop()
    rig.step()
    assert memory.info()["open"] == ["Box"]
    assert [port.is_closed for port in rig.system.ports] == [True, True, False]


def test_a_port_that_another_program_has_is_said_and_tried_again(memory: Memory) -> None:
    rig = Rig(memory)
    rig.system.busy = {"Nano"}
    rig.plug("Nano")
    assert memory.info()["failed"] == {"Nano": "another program has it"}
    rig.system.busy = set()
    rig.step()
    assert memory.info()["open"] == ["Nano"]
    assert memory.info()["failed"] == {}


def test_what_is_no_midi_is_counted_also_of_a_device_that_is_gone(memory: Memory) -> None:
    rig = Rig(memory)
    rig.plug("Nano")
    rig.system.receive["Nano"](b"\x01\xf4\xb0\x07\x40")
    assert rig.step() == [("Nano", "midi/1/cc/7", 64 / 127)]
    rig.step()
    told = {"data without a status": 1, "status F4, which MIDI does not define": 1}
    assert memory.info()["refused"] == told
    rig.system.ins.clear()
    rig.step()
    assert memory.info()["refused"] == told


def test_a_flood_beyond_the_memory_is_counted_and_the_rest_heard(memory: Memory) -> None:
    rig = Rig(memory)
    rig.plug("Nano")
    for n in range(10_000):
        rig.system.receive["Nano"](bytes([0xB0, 7, n % 128]))
    for _ in range(50):
        rig.ns += 1
        rig.service.step()
    found = memory.moved.take(100_000)
    assert len(found) + int(memory.words[4]) == 10_000
    assert len(found) > 8000
    rig.system.receive["Nano"](b"\xb0\x08\x7f")
    assert rig.step(0) == [("Nano", "midi/1/cc/8", 1.0)]


def test_lights_go_to_the_output_of_their_device(memory: Memory) -> None:
    rig = Rig(memory)
    rig.system.outs = ["Other", "Nano CTRL"]
    rig.plug("Nano SLIDER")
    memory.shown.put((0, 1.0, 0.0, b"Nano SLIDER", b"midi/1/note/60"))
    memory.shown.put((0, 1.0, 0.0, b"Nobody", b"midi/1/note/60"))
    for piece in (b"+f001", b"/02f7"):
        memory.shown.put((0, 0.0, 0.0, b"Nano SLIDER", piece))
    rig.step()
    assert rig.system.sent == [
        ("Nano CTRL", b"\xf0\x01\x02\xf7"), ("Nano CTRL", b"\x90\x3c\x7f")
    ]  # fmt: skip


def test_an_output_that_goes_while_it_is_lit_harms_nothing(memory: Memory) -> None:
    rig = Rig(memory)
    rig.system.outs = ["Nano"]
    rig.plug("Nano")
    memory.shown.put((0, 1.0, 0.0, b"Nano", b"midi/1/cc/1"))
    rig.step()
    rig.system.outs = []
    memory.shown.put((0, 0.0, 0.0, b"Nano", b"midi/1/cc/1"))
    rig.ns += SECOND // 10  # before the next look
    rig.service._scan_ns = rig.ns + SECOND
    rig.step(0)
    rig.system.outs = ["Nano"]
    memory.shown.put((0, 0.5, 0.0, b"Nano", b"midi/1/cc/1"))
    rig.step(SECOND)
    rig.step()
    assert [message for _, message in rig.system.sent] == [b"\xb0\x01\x7f", b"\xb0\x01\x40"]


def test_our_clock_is_sent_to_whom_it_is_asked_for(memory: Memory) -> None:
    rig = Rig(memory, clock_out=("volca",))
    rig.system.outs = ["Volca", "Other"]
    rig.plug("Nano")
    memory.shown.put((rig.ns, 0.0, 120.0, b"1", b"/beat"))
    for _ in range(100):
        rig.step(SECOND // 100)
    names = {name for name, _ in rig.system.sent}
    clocks = [message for _, message in rig.system.sent if message == b"\xf8"]
    assert names == {"Volca"}
    assert 47 <= len(clocks) <= 49
    assert any(message in (b"\xfa", b"\xfb") for _, message in rig.system.sent)


def clocks(rig: Rig, device: str, count: int) -> list[Any]:
    """Send clocks of 120 bpm; what was said of them."""
    found = []
    for _ in range(count):
        rig.ns += round(SECOND / 48)
        rig.system.receive[device](b"\xf8")
        rig.service.step()
        found += memory_items(rig)
    return found


def memory_items(rig: Rig) -> list[Any]:
    return [(record[3], read_time(record)) for record in rig.memory.moved.take(1000)]


def test_one_clock_is_followed_until_it_falls_silent(memory: Memory) -> None:
    rig = Rig(memory)
    rig.plug("A", "B")
    rig.system.receive["A"](b"\xfa")
    said = clocks(rig, "A", 48)
    assert {device for device, _ in said} == {b"A"}
    address, value = said[-1][1][1:]
    assert address == SYNC
    assert abs(value[1] - 120.0) < 0.1
    assert value[3] == 1.0
    assert clocks(rig, "B", 24) == []
    rig.ns += 3 * SECOND
    assert {device for device, _ in clocks(rig, "B", 48)} == {b"B"}


def test_a_device_that_gets_our_clock_is_not_followed(memory: Memory) -> None:
    rig = Rig(memory, clock_out=("Loop",))
    rig.system.outs = ["Loop"]
    rig.plug("Loop")
    rig.step()
    assert clocks(rig, "Loop", 48) == []


def test_timecode_is_told(memory: Memory) -> None:
    rig = Rig(memory)
    rig.plug("A")
    rig.system.receive["A"](b"\xf0\x7f\x7f\x01\x01\x21\x00\x05\x00\xf7")
    rig.ns += 1
    rig.service.step()
    ((_, (_, address, value)),) = memory_items(rig)
    assert (address, value[0]) == (TIMECODE, 3605.0)


def test_a_system_that_dies_ends_the_work(memory: Memory) -> None:
    rig = Rig(memory)
    rig.step()
    rig.system.is_dead = True
    with pytest.raises(OSError, match="ended"):
        rig.step(2 * SECOND)
