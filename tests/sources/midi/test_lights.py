"""What is shown on devices: the newest value, not too often, and the last one always."""

from __future__ import annotations

from engine.sources.midi.lights import Lights

MS = 1_000_000


def drain(lights: Lights, start_ms: int, count: int) -> list[tuple[int, str, bytes]]:
    """Take every millisecond for a while."""
    return [
        (start_ms + n, device, message)
        for n in range(count)
        for device, messages in lights.take((start_ms + n) * MS)
        for message in messages
    ]


def test_a_control_shows_its_newest_value_and_its_last() -> None:
    lights, sent = Lights(), []
    for n in range(100):
        lights.put("box", "midi/1/cc/7", n / 127)
        sent += drain(lights, n, 1)
    sent += drain(lights, 100, 50)
    assert 4 <= len(sent) <= 7
    assert sent[-1][2] == b"\xb0\x07\x63"
    assert not lights


def test_a_device_gets_no_more_than_its_cable_carries() -> None:
    lights = Lights()
    for n in range(128):
        lights.put("box", f"midi/1/note/{n}", 1.0)
        lights.put("other", f"midi/1/note/{n}", 1.0)
    sent = drain(lights, 1000, 100)
    assert 90 <= sum(device == "box" for _, device, _ in sent) <= 115
    drain(lights, 1100, 100)
    assert not lights


def test_what_no_message_can_show_is_counted() -> None:
    lights = Lights()
    lights.put("box", "gamepad/1/button/a", 1.0)
    assert lights.refused == 1
    assert not lights
