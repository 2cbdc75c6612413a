"""Real MIDI through JACK's virtual ports: what a cable carries, what comes and goes, a dead server.

Run as a program, inside ``.ci/with-jack``, this file plays a device beside the source, and prints
what it saw as JSON; as tests it judges that. Every wait has a generous end, none asks for speed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.performing import LIMIT_S, inside_jack

FLOOD = 500
BOXES: list[Any] = []  # a library whose server died must not be tidied


class Box:
    """A controller: a port that sends and one that hears."""

    def __init__(self) -> None:
        from engine.sources.midi.ports import _bindings

        self.library = _bindings()
        names = getattr(self.library, "RtMidiAPI", self.library)
        self.api = getattr(names, "UNIX_JACK", None) or self.library.API_UNIX_JACK
        self.heard: list[bytes] = []
        self.followed: list[bytes] = []
        self.ears = [self.listen("Box", "leds", self.heard)]
        self.ears.append(self.listen("Volca", "in", self.followed))
        self.plug()
        BOXES.append(self)

    def listen(self, client: str, port: str, heard: list[bytes]) -> Any:
        """Open a port that hears."""
        ear = self.library.MidiIn(self.api, client)
        ear.ignore_types(False, False, False)
        ear.set_callback(
            lambda *given: heard.append(bytes(given[0] if len(given) == 3 else given[0][0]))
        )
        ear.open_virtual_port(port)
        return ear

    def plug(self) -> None:
        """Connect the knobs."""
        self.mouth = self.library.MidiOut(self.api, "Box")
        self.mouth.open_virtual_port("knobs")

    def unplug(self) -> None:
        """Pull the knobs out."""
        self.mouth.delete()

    def send(self, *messages: bytes) -> None:
        """Send, not faster than a cable does."""
        for message in messages:
            self.mouth.send_message(list(message))
            time.sleep(0.001)


class Player:
    """Plays the player's part, sixty times a second."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.moved: list[tuple[str, str, float]] = []
        self.items: list[Any] = []
        self.stamps: list[int] = []
        self.refusals: list[str] = []

    def wait(self, until: Callable[[], object], what: str) -> None:
        """Go on until something is so."""
        begin = time.monotonic()
        while not until():
            now = time.monotonic()
            if now - begin > LIMIT_S:
                raise SystemExit(f"waited in vain for: {what}; MIDI is {self.source.state}")
            self.source.tend(now)
            self.items += [list(item) for item in self.source.poll(1000)]
            for each in self.source.moved(1000):
                self.stamps.append(each.arrival_ns)
                self.moved.append((each.device, each.control, each.value))
            self.refusals += [why for _, why in self.source.refusals()]
            time.sleep(1 / 60)

    def controls(self) -> list[str]:
        """Names of what moved so far."""
        return [control for _, control, _ in self.moved]


def measure() -> dict[str, Any]:
    """Everything that happens with a device, in one session."""
    from engine.sources.midi import midi

    box = Box()
    found: dict[str, Any] = {}
    with midi.open(midi.Config(cc14=(1,), clock_out=("volca",)), time.perf_counter_ns) as source:
        player = Player(source)
        player.wait(source.devices, "the device")
        found["devices"], found["state"] = source.devices(), source.state
        found |= listen(box, player)
        found |= show(box, player)
        box.send(b"\x90\x40\x64")
        player.wait(lambda: "midi/1/note/64" in player.controls(), "a note")
        box.unplug()
        player.wait(lambda: not source.devices(), "notice that it is gone")
        found["gone"], found["let_go"] = source.state, player.moved[-1]
        box.plug()
        player.wait(source.devices, "its return")
        box.send(b"\xb0\x15\x7f")
        player.wait(lambda: "midi/1/cc/21" in player.controls(), "a knob after its return")
        found["back"] = source.state
        found["server"] = lose_server(player)
        found["restarts"] = source._watched.restarts
    return found


def listen(box: Box, player: Player) -> dict[str, Any]:
    """What arrives of messages whole and broken, of a clock, and of a flood."""
    box.send(b"\xb0\x07\x40", b"\x90\x3c\x7f", b"\x3c\x00")  # the last one in running status
    box.send(b"\xf0\x01\x02\xf7", b"\xf8", b"\xe0\x7f\x7f", b"\xb0\x01\x40", b"\xb0\x21\x01")
    box.send(b"\xf4", b"\xb0\x14\x7f")
    player.wait(lambda: "midi/1/cc/20" in player.controls(), "the messages")
    found: dict[str, Any] = {"moved": player.moved.copy(), "is_ordered": sorted(player.stamps)}
    found["is_ordered"] = found["is_ordered"] == player.stamps
    player.wait(lambda: player.refusals, "the complaint")
    found["refusals"] = player.refusals.copy()
    player.moved.clear()
    for n in range(FLOOD):
        box.send(bytes([0xB0, 30, n % 128]))
    box.send(b"\xb0\x1f\x7f")
    player.wait(lambda: "midi/1/cc/31" in player.controls(), "the end of the flood")
    found["flood"] = player.controls().count("midi/1/cc/30")
    box.send(b"\xfa", *[b"\xf8"] * 96)
    player.wait(lambda: player.items, "a beat")
    found["beat"] = player.items[-1][1:]
    return found


def show(box: Box, player: Player) -> dict[str, Any]:
    """What reaches the device: lights, a message as it is, our clock."""
    from engine.core.tempo.sync import Beat

    device = player.source.devices()[0]
    player.source.show(device, "midi/1/cc/7", 1.0)
    player.source.write(device, b"\xf0" + bytes(80) + b"\xf7")
    player.wait(lambda: b"\xb0\x07\x7f" in box.heard, "a light")
    player.wait(lambda: any(m[0] == 0xF0 for m in box.heard), "a SysEx")
    lit = [message.hex() for message in box.heard if message[0] < 0xF8]
    player.source.keep_time(Beat(time.perf_counter_ns(), 0.0, 240.0, 240.0, 4.0))
    player.wait(lambda: box.followed.count(b"\xf8") > 48, "our clock")
    return {"lit": lit, "clock": sorted({message[0] for message in box.followed})}


def lose_server(player: Player) -> dict[str, Any]:
    """Kill the server under the ports, and start another."""
    os.kill(int(os.environ["WITH_JACK_PID"]), signal.SIGKILL)
    player.wait(lambda: player.source._info.get("there") == [], "notice of the dead server")
    found = {"lost": player.source.state}
    name = os.environ["JACK_DEFAULT_SERVER"]
    server = subprocess.Popen(
        ["jackd", "--no-realtime", "-n", name, "-d", "dummy"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        player.wait(lambda: player.source._watched.is_running, "the new server")
        boxes: list[Box] = []

        def is_plugged_in() -> bool:
            with contextlib.suppress(OSError):  # the server is not up yet
                boxes.append(Box())
            return bool(boxes)

        player.wait(is_plugged_in, "a device at the new server")
        box = boxes[0]
        player.wait(player.source.devices, "the device at the new server")
        box.send(b"\xb0\x16\x7f")
        player.wait(lambda: "midi/1/cc/22" in player.controls(), "a knob at the new server")
        found["again"] = player.source.state
    finally:
        server.terminate()  # one that is killed would keep its place among JACK's eight servers
        server.wait()
    return found


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = inside_jack(__file__)
    return found


def test_a_device_is_found_by_its_name(measured: dict[str, Any]) -> None:
    assert measured["devices"] == ["Box:knobs"]
    assert measured["state"] == "running"


def test_messages_arrive_as_controls_in_order(measured: dict[str, Any]) -> None:
    moved = {control: value for device, control, value in measured["moved"]}
    assert {device for device, _, _ in measured["moved"]} == {"Box:knobs"}
    assert moved["midi/1/cc/7"] == 64 / 127
    assert moved["midi/1/bend"] == 1.0
    assert moved["midi/1/cc14/1"] == (64 << 7 | 1) / 16383
    assert "midi/1/note/60" in moved
    assert measured["is_ordered"]


def test_what_is_no_midi_is_said_and_what_follows_is_heard(measured: dict[str, Any]) -> None:
    assert "status F4, which MIDI does not define" in measured["refusals"]


def test_a_flood_as_fast_as_a_cable_arrives(measured: dict[str, Any]) -> None:
    # JACK drops what its own buffers cannot hold on a busy machine; what we read is never lost.
    assert measured["flood"] > FLOOD // 2


def test_a_clock_is_followed(measured: dict[str, Any]) -> None:
    address, value = measured["beat"]
    assert address == "/transport/sync"
    assert value[0] == 2.0  # the rank of a MIDI clock


def test_lights_messages_and_our_clock_reach_the_device(measured: dict[str, Any]) -> None:
    assert "b0077f" in measured["lit"]
    assert "f0" + "00" * 80 + "f7" in measured["lit"]
    assert {0xF8, 0xFA, 0xFB} & set(measured["clock"]) > {0xF8}


def test_a_device_that_goes_lets_go_and_comes_back(measured: dict[str, Any]) -> None:
    assert measured["gone"].startswith("lost: 'Box:knobs'")
    assert measured["let_go"] == ["Box:knobs", "midi/1/note/64", 0.0]
    assert measured["back"] == "running"


def test_a_dead_server_is_survived(measured: dict[str, Any]) -> None:
    assert measured["server"]["lost"].startswith("lost")
    assert measured["server"]["again"] == "running"
    assert measured["restarts"] >= 1


if __name__ == "__main__":
    answer = json.dumps(measure())
    print(answer, flush=True)
    os._exit(0)  # without tidying
