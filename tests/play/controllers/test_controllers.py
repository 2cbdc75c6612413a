"""Controllers at work: mappings by rank, learning, what is written, lights that never fight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.control.mappings import bind
from engine.core.show.mapping import ControlMapping
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.device_maps import read_map
from engine.play.controllers.lights import HELD_NS
from engine.play.controllers.user_maps import file_name
from engine.play.live.commands import ADDRESSES
from engine.sources.contract import Moved
from tests.making import read_show
from tests.play.controllers.rig import Rig

GLOW = "/layer/form/effect/glow"
AMOUNT, SOFT = f"{GLOW}/amount", f"{GLOW}/soft"
TEXT = f"""
name = "Two Hands"
[[cues]]
id = "low"
set = {{ "{AMOUNT}" = 0.1 }}
[[cues]]
id = "high"
set = {{ "{AMOUNT}" = 0.9 }}
[[mappings]]
control = "midi/1/cc/7"
address = "{AMOUNT}"
takeover = "jump"
[[mappings]]
control = "midi/1/note/{{36-37}}"
address = "/cue/{{1-2}}/go"
device = "pads"
light = {{ on = 21, off = 1 }}
[[mappings]]
control = "midi/1/note/40"
address = "{SOFT}"
[[mappings]]
control = "midi/1/note/60-62"
address = "{GLOW}/mode"
[[mappings]]
control = "key/c"
address = "{GLOW}/tint"
value = [1.0, 0.0, 0.0, 1.0]
[[mappings]]
control = "osc/9/fader1"
address = "{AMOUNT}"
takeover = "jump"
[[mappings]]
control = "midi/2/program/5"
address = "/cue/high/go"
"""


def made(folder: Path, text: str = TEXT) -> Rig:
    return Rig(folder, read_show(text))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return made(tmp_path)


def test_what_a_show_maps_moves_its_addresses(rig: Rig) -> None:
    assert rig.move("midi/1/cc/7", 0.25) == [(AMOUNT, 0.25)]
    assert rig.move("midi/1/note/37", 0.3) == [("/cue/high/go", True)]
    assert rig.move("midi/1/note/37", 0.0) == []
    assert rig.move("midi/1/note/37", 0.3, device="keys") == []  # it is of another device
    assert rig.move("midi/1/note/40", 0.2) == [(SOFT, 0.0)]
    assert [rig.move(f"midi/1/note/{n}", 0.5) for n in (62, 60)] == [
        [(f"{GLOW}/mode", 2.0)], [(f"{GLOW}/mode", 0.0)],
    ]  # fmt: skip
    assert rig.move("midi/1/note/61", 0.0) == []
    assert rig.move("key/c", 1.0, "keyboard") == [(f"{GLOW}/tint", (1.0, 0.0, 0.0, 1.0))]
    assert rig.move("midi/2/program", 5 / 127) == [("/cue/high/go", True)]
    assert rig.move("midi/2/program", 5 / 127) == [("/cue/high/go", True)]
    assert rig.move("midi/2/program", 6 / 127) == []
    assert rig.move("midi/1/cc/7", float("nan")) == []
    assert rig.made.claims("c")
    assert not rig.made.claims("d")


def test_a_control_that_moves_nothing_is_said_once_and_counted(rig: Rig) -> None:
    for _ in range(3):
        assert rig.move("midi/1/cc/99", 0.5, "other") == []
    assert [text for text in rig.said if "other" in text] == [
        "other: midi/1/cc/99 moves nothing yet; L maps it"
    ]
    assert rig.made.report()["unmapped"] == {"other": 3}


def test_a_mapping_to_a_missing_parameter_is_said_once_and_the_rest_works(tmp_path: Path) -> None:
    wrong = "".join(
        f'[[mappings]]\ncontrol = "midi/1/cc/{n}"\naddress = "{address}"\n'
        for n, address in enumerate((f"{GLOW}/none", "/layer/none/opacity", AMOUNT))
    )
    rig = made(tmp_path, wrong)
    said = [
        f"mappings: midi/1/cc/0 moves nothing: this show has no {GLOW}/none; the others work",
        "mappings: midi/1/cc/1 moves nothing: this show has no /layer/none/opacity; "
        "the others work",
    ]
    assert rig.said == said
    rig.show_ = read_show(wrong)  # loaded again
    rig.frame()
    assert rig.said == said
    assert rig.made.report()["inactive"] == 2
    assert rig.move("midi/1/cc/2", 0.5) == [(AMOUNT, 0.5)]
    assert rig.move("midi/1/cc/0", 0.5) == []


def test_learning_end_to_end_by_address_key_and_touch(rig: Rig) -> None:
    opacity = "/layer/form/opacity"
    rig.made.command(rig.show_, "target", "/layer/1/opacity")
    assert rig.line.startswith("learn /layer/1/opacity: move a control")
    assert rig.made.claims("x")
    for at in (0.2, 0.25, 0.3):
        assert rig.move("midi/1/cc/20", at) == []
    rig.frame()
    assert "midi/1/cc/20 of pads moves /layer/1/opacity" in rig.said
    assert rig.move("midi/1/cc/20", 0.5) == []  # a fader is picked up first
    assert rig.move("midi/1/cc/20", 1.0) == [(opacity, 1.0)]
    # By the key, for what was touched last; a control that is mapped is mapped anew, and that said.
    rig.made.touched(rig.show_, opacity)
    rig.made.command(rig.show_, "learn", True)
    rig.move("midi/1/note/37", 0.9)
    rig.frame()
    assert rig.said[-1] == f"midi/1/note/37 of pads moves {opacity}, no longer /cue/high/go"
    assert rig.move("midi/1/note/37", 0.0) == []
    assert rig.move("midi/1/note/37", 0.9) == [(opacity, 0.0)]
    # What is touched while it waits is the target; the key again stops.
    rig.made.command(rig.show_, "learn", True)
    rig.made.touched(rig.show_, SOFT)
    assert SOFT in rig.line
    rig.made.command(rig.show_, "learn", True)
    assert rig.line == ""
    assert rig.move("midi/1/cc/7", 0.5) == [(AMOUNT, 0.5)]


def test_keys_choose_what_is_learned_and_keys_can_be_learned(rig: Rig) -> None:
    listed = [p.address for p in rig.show_.registry.parameters]
    rig.made.command(rig.show_, "learn", True)
    for key, at in (("down", 0), ("down", 1), ("page_down", 11), ("up", 10), ("up", 9)):
        rig.move(f"key/{key}", 1.0, "keyboard")
        rig.move(f"key/{key}", 0.0, "keyboard")
        assert listed[at] in rig.line
    rig.move("key/escape", 1.0, "keyboard")
    assert rig.line == ""
    rig.learn(SOFT, "key/x", 1.0, device="keyboard")
    assert rig.move("key/x", 0.0, "keyboard") == []
    assert rig.move("key/x", 1.0, "keyboard") == [(SOFT, 0.0)]
    assert rig.made.claims("x")


def test_what_was_learned_is_kept_in_the_users_folder_and_wins(rig: Rig) -> None:
    rig.learn(SOFT, "midi/1/cc/7", 1.0, 0.0)
    rig.learn("/master/brightness", "midi/1/cc/9", *[n / 127 for n in (65, 65, 63, 63)])
    text = rig.kept()
    assert text.startswith("# Learned")
    kept = read_map(rig.folder / "two-hands.toml")
    assert kept.show == "Two Hands"
    assert kept.mappings == (
        ControlMapping("midi/1/cc/7", SOFT, "pads", mode="toggle"),
        ControlMapping("midi/1/cc/9", "/master/brightness", "pads", coding="offset_64"),
    )
    again = made(rig.folder)
    assert again.move("midi/1/cc/7", 1.0) == [(SOFT, 0.0)]
    assert again.move("midi/1/cc/7", 1.0, "else") == [(AMOUNT, 1.0)]  # the show's, of any device
    other = made(rig.folder, TEXT.replace("Two Hands", "Another"))
    assert other.move("midi/1/cc/7", 1.0) == [(AMOUNT, 1.0)]
    assert again.made.learned == list(kept.mappings)


def test_what_is_forgotten_moves_nothing_any_more(rig: Rig) -> None:
    rig.made.command(rig.show_, "forget", "/cue/high/go")
    assert rig.said[-1] == "/cue/high/go: unmapped midi/1/note/37, midi/2/program/5"
    assert rig.move("midi/1/note/37", 0.5) == []
    assert rig.move("midi/1/note/36", 0.5) == [("/cue/low/go", True)]
    rig.kept()
    assert made(rig.folder).move("midi/1/note/37", 0.5) == []
    rig.learn("/cue/high/go", "midi/1/note/37", 0.5)
    assert rig.move("midi/1/note/37", 0.0) == []
    assert rig.move("midi/1/note/37", 0.5) == [("/cue/high/go", True)]
    rig.made.command(rig.show_, "forget", "/layer/none/opacity")
    assert rig.said[-1] == "/layer/none/opacity: unmapped nothing of what is plugged in"


@pytest.mark.parametrize("target", ["/layer/none/opacity", f"{GLOW}/tint"])
def test_what_cannot_be_learned_is_said(rig: Rig, target: str) -> None:
    rig.made.command(rig.show_, "target", target)
    assert rig.said[-1].startswith("/learn/target: ")
    assert rig.move("midi/1/cc/7", 0.5) == [(AMOUNT, 0.5)]


def test_messages_that_no_show_has_are_controls(rig: Rig) -> None:
    items = [(1, "/9/fader1", 0.25), (2, AMOUNT, 0.5), (3, "/9/fader2", 0.75), (4, "/x", "text")]
    known, moved = rig.made.split(rig.show_, items, "osc")
    assert (known, moved) == (items[1:], [Moved(1, "osc", "osc/9/fader1", 0.25)])
    rig.made.command(rig.show_, "target", SOFT)
    known, moved = rig.made.split(rig.show_, items, "osc")
    assert known == [items[1], items[3]]
    assert [each.control for each in moved] == ["osc/9/fader1", "osc/9/fader2"]
    plain = made(rig.folder, "")
    assert plain.made.split(plain.show_, items, "osc") == (items, [])


def levels(rig: Rig, control: str) -> list[float]:
    return [value for _, c, value in rig.lit if c == control]


def test_lights_show_what_is_and_which_cue_plays(rig: Rig) -> None:
    assert ("pads", "midi/1/note/36", 1) in rig.lit
    assert ("pads", "midi/1/note/40", 127) in rig.lit
    assert ("pads", "midi/1/cc/7", 64) in rig.lit
    rig.apply(("/cue/low/go", True))
    lit = rig.frame()
    assert ("pads", "midi/1/note/36", 21) in lit
    assert ("pads", "midi/1/cc/7", 13) in lit
    rig.apply(("/cue/high/go", True), (SOFT, False))
    assert sorted(rig.frame()) == [
        ("pads", "midi/1/cc/7", 114), ("pads", "midi/1/note/36", 1),
        ("pads", "midi/1/note/37", 21), ("pads", "midi/1/note/40", 0),
    ]  # fmt: skip
    assert rig.frame() == []
    rig.plugged = []
    rig.frame()
    rig.plugged = ["pads"]  # it is plugged in again, and dark
    assert {control for _, control, _ in rig.frame()} >= {
        "midi/1/cc/7", "midi/1/note/36", "midi/1/note/37", "midi/1/note/40",
    }  # fmt: skip


def test_nothing_is_echoed_to_the_hand_that_moves_it(rig: Rig) -> None:
    for n in range(20):
        rig.move("midi/1/cc/7", n / 20)
        rig.frame(HELD_NS // 4)
        assert levels(rig, "midi/1/cc/7") == []
        if n == 10:  # a cue fights the hand: the motor waits
            rig.apply(("/cue/low/go", True))
            rig.frame(HELD_NS // 4)
            assert levels(rig, "midi/1/cc/7") == []
    rig.frame(HELD_NS)
    assert levels(rig, "midi/1/cc/7") == []  # it stands where the value is
    rig.move("midi/1/cc/7", 0.5)
    rig.apply(("/cue/high/go", True))
    rig.frame(HELD_NS // 2)
    assert levels(rig, "midi/1/cc/7") == []
    rig.frame(HELD_NS)
    assert levels(rig, "midi/1/cc/7") == [114]  # the hand is gone: the motor follows the cue
    rig.move("midi/1/note/40", 0.5)
    rig.frame(1)
    assert levels(rig, "midi/1/note/40") == [0]  # a button has no motor: its light is at once


def test_a_shipped_map_is_used_when_its_device_comes_and_gives_way(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rig.folder / "shipped"
    folder.mkdir()
    (folder / "box.toml").write_text(
        'devices = ["box"]\nsetup = ["F0 7E 7F 06 01 F7"]\n'
        '[[mappings]]\ncontrol = "midi/1/cc/{7-9}"\naddress = "/layer/{1-3}/opacity"\n'
        '[[mappings]]\ncontrol = "midi/1/note/1"\naddress = "/master/freeze"\n'
    )
    monkeypatch.setattr(
        "engine.documents.show.device_maps.shipped", lambda: sorted(folder.glob("*.toml"))
    )
    box = made(rig.folder)
    assert box.move("midi/1/note/1", 1.0, "Box 1") == [("/master/freeze", 1.0)]
    box.plugged = ["Box 1"]
    box.frame()
    assert box.written == [bytes.fromhex("F07E7F0601F7")]
    assert box.said[-1] == "Box 1: map box, 2 of 4 controls move something in this show"
    assert box.move("midi/1/cc/7", 0.25, "Box 1") == [(AMOUNT, 0.25)]  # the show has it
    (rig.folder / "box.toml").write_text(
        'devices = ["box"]\n[[mappings]]\ncontrol = "midi/1/note/1"\naddress = "/master/blackout"\n'
    )
    mine = made(rig.folder)
    assert mine.move("midi/1/note/1", 1.0, "Box 1") == [("/master/blackout", 1.0)]
    (rig.folder / "box.toml").write_text("devices = 5")
    broken = made(rig.folder)
    assert [text for text in broken.said if "box.toml" in text and "left out" in text]


def test_files_of_what_was_learned_have_plain_names() -> None:
    assert [file_name(name) for name in ("Two Earths", "../x", "ü", "")] == [
        "two-earths", "x", "untitled", "untitled",
    ]  # fmt: skip


def test_a_show_that_is_loaded_again_keeps_hands_and_what_was_learned(rig: Rig) -> None:
    rig.learn(SOFT, "midi/1/note/50", 0.5)
    again: Show = replace(rig.show_, seed=7)
    rig.show_ = again
    rig.frame()
    rig.move("midi/1/note/50", 0.0)
    assert rig.move("midi/1/note/50", 0.5) == [(SOFT, 0.0)]


# The shipped shows that are made for a controller.

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


def test_whoever_invents_addresses_fills_no_memory(rig: Rig, monkeypatch) -> None:
    monkeypatch.setattr("engine.play.controllers.assignments.MOST_KEPT", 50)
    for n in range(500):
        rig.made.split(rig.show_, [(n, f"/{n}", 0.5)], "osc")
    assert len(rig.made._assigned._found) <= 50
    rig.made.command(rig.show_, "target", SOFT)
    for n in range(500):
        rig.move(f"osc/{n}", 0.5, "osc")
    assert len(rig.made._learning._seen) <= 256


def test_a_ramp_is_shown_once_for_each_step_that_the_control_has(tmp_path: Path) -> None:
    fade = f'[[cues]]\nid = "up"\ntime_s = 8.0\ncurve = "linear"\nset = {{ "{AMOUNT}" = 0.52 }}\n'
    rig = made(tmp_path, f'{fade}[[mappings]]\ncontrol = "midi/1/cc/7"\naddress = "{AMOUNT}"\n')
    rig.apply(("/cue/up/go", True))
    shown = [64]
    for _ in range(960):
        rig.apply()
        rig.frame(1)
        shown += levels(rig, "midi/1/cc/7")
    assert shown == [64, 65, 66]
