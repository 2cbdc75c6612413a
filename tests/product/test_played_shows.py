"""Three shipped shows that are made for a controller: each of their controls moves something."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.control.mappings import bind
from engine.documents.show import load
from engine.play.live.commands import ADDRESSES
from tests.play.controllers.rig import Rig

DEVICES = {
    "eight-faders": "nanoKONTROL2", "pads": "LPX MIDI", "knobs": "Midi Fighter Twister",
}  # fmt: skip


@pytest.fixture
def play(tmp_path: Path):
    def make(name: str) -> Rig:
        return Rig(tmp_path, load.load(name).show, (DEVICES[name],))

    return make


@pytest.mark.parametrize("name", DEVICES)
def test_everything_that_is_mapped_is_there(name: str) -> None:
    show = load.load(name).show
    assert len(show.mappings) >= 16
    for each in show.mappings:
        bind(show, ADDRESSES, each)


def test_eight_faders_move_eight_macros_without_a_jump(play) -> None:
    rig = play("eight-faders")
    for n in range(8):
        address = rig.show_.registry[f"/macro/{n + 1}"].address
        assert rig.move(f"midi/1/cc/{n}", 0.0, "nanoKONTROL2") == []
        found = [rig.move(f"midi/1/cc/{n}", at / 8, "nanoKONTROL2") for at in range(9)]
        assert found[-1] == [(address, 1.0)]
    assert rig.move("midi/1/cc/33", 1.0, "nanoKONTROL2") == [("/cue/sahara/go", True)]
    rig.apply()
    assert ("nanoKONTROL2", "midi/1/cc/33", 127) in rig.frame()
    assert rig.move("midi/1/cc/64", 1.0, "nanoKONTROL2") == [
        ("/layer/earth/generator/hold_sea", 1.0)
    ]


def test_a_pad_begins_its_scene_on_the_next_bar_and_is_lit_then(play) -> None:
    rig = play("pads")
    assert len(rig.written) == 2
    rig.apply()
    rig.apply()
    assert ("LPX MIDI", "midi/1/note/81", 9) in rig.frame()
    assert rig.move("midi/1/note/83", 0.7, "LPX MIDI") == [("/cue/aurora/go", True)]
    assert rig.state.cue == 0
    bar = round(4 * 60 / 112 * float(rig.show_.control_hz))
    for _ in range(bar + 2):
        rig.apply()
    assert rig.show_.cues[rig.state.cue].id == "aurora"
    assert {("LPX MIDI", "midi/1/note/83", 29), ("LPX MIDI", "midi/1/note/81", 11)} <= set(
        rig.frame()
    )
    assert rig.move("midi/1/note/11", 0.5, "LPX MIDI") == [("/macro/burst", 0.5)]
    assert rig.move("midi/1/note/11", 0.0, "LPX MIDI") == [("/macro/burst", 0.0)]


def test_knobs_turn_the_latent_and_press_it_back(play) -> None:
    rig, device = play("knobs"), DEVICES["knobs"]
    push = "/layer/form/path/push_3"
    assert rig.move("midi/1/cc/2", 1.0, device) == [(push, 3.0)]
    assert rig.move("midi/2/cc/2", 1.0, device) == [(push, 0.0)]
    rig.frame()
    assert (device, "midi/1/cc/2", 64) in rig.lit
    assert rig.move("midi/2/cc/33", 1.0, device) == [("/cue/coral/go", True)]
