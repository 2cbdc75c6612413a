"""Names of devices: what systems call them, what a performer reads and writes."""

from __future__ import annotations

import pytest

from engine.sources.midi import ports
from engine.sources.midi.ports import counterpart, tidy, wanted


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0", "nanoKONTROL2 nanoKONTROL2 _ CTR"),
        ("APC40 mkII:APC40 mkII MIDI 1 24:0", "APC40 mkII MIDI 1"),
        ("a2j:Launchpad X [28] (capture): Launchpad X MIDI 1", "Launchpad X MIDI 1"),
        ("Nano-01:knobs", "Nano:knobs"),
        ("Twister", "Twister"),
        ("", "MIDI"),
    ],
)
def test_what_changes_from_day_to_day_is_left_out(raw: str, name: str) -> None:
    assert tidy([raw]) == [name]


def test_devices_of_one_name_are_numbered() -> None:
    assert tidy(["Box 20:0", "Box 24:0", "Box 28:0"]) == ["Box", "Box #2", "Box #3"]


def test_a_long_name_fits_a_record() -> None:
    names = tidy(["ä" * 100, "ä" * 100])
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 64 for name in names)


def test_devices_are_chosen_by_a_part_of_their_name() -> None:
    there = ["nanoKONTROL2", "Launchpad X", "Midi Through Port-0", "Latent Cinema:in"]
    assert wanted(there, []) == ["nanoKONTROL2", "Launchpad X"]
    assert wanted(there, ["NANO"]) == ["nanoKONTROL2"]
    assert wanted(there, ["through", "latent"]) == ["Midi Through Port-0"]


def test_an_output_belongs_to_its_input() -> None:
    outputs = ["Launchpad X", "nanoKONTROL2 CTRL", "USB Uno"]
    inputs = ["Launchpad X", "nanoKONTROL2 SLIDER/KNOB", "USB Uno", "USB Pedal", "Other"]
    assert [counterpart(each, outputs, inputs) for each in inputs] == [
        "Launchpad X", "nanoKONTROL2 CTRL", "USB Uno", None, None,
    ]  # fmt: skip


def test_a_linux_without_midi_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_IS_LINUX", True)
    monkeypatch.setattr(ports, "_SEQUENCER", "/nowhere/seq")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    assert not ports.is_there()
    with pytest.raises(OSError, match="no MIDI system"):
        ports.open_system()
