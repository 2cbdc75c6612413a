"""Controllers at work: mappings by rank, learning, what is written, lights that never fight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.event import Value
from engine.core.show.mapping import ControlMapping
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show.device_maps import read_map
from engine.play.controllers.controllers import LOOK_NS, Controllers
from engine.play.controllers.guess import WAIT_NS
from engine.play.controllers.lights import HELD_NS
from engine.play.controllers.user_maps import file_name
from engine.play.live.commands import ADDRESSES
from engine.play.live.feedback import Feedback
from engine.sources.contract import Moved
from tests.making import read_show, run

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


class Rig:
    """A show, controllers, feedback and devices that write down what they are told."""

    def __init__(
        self, folder: Path, text: str = TEXT, devices: tuple[str, ...] = ("pads",)
    ) -> None:
        self.show_ = read_show(text)
        self.state = first_state(self.show_)
        self.said: list[str] = []
        self.line = ""
        self.plugged = list(devices)
        self.lit: list[tuple[str, str, float]] = []
        self.written: list[bytes] = []
        self.now_ns = LOOK_NS
        self.folder = folder
        self.made = Controllers(self, ADDRESSES, self.said.append, self._tell, folder)
        self.feedback = Feedback(pytest.fail)
        self.feedback.add(self.made.lights)
        self.frame()

    def _tell(self, text: str, _: float) -> None:
        self.line = text

    def show(self, device: str, control: str, value: float) -> None:
        self.lit.append((device, control, round(value * 127)))

    def write(self, device: str, data: bytes) -> None:
        self.written.append(data)

    def devices(self) -> list[str]:
        return list(self.plugged)

    def frame(self, wait_ns: int = LOOK_NS) -> list[tuple[str, str, float]]:
        """A frame later: what was lit in it."""
        self.now_ns += wait_ns
        self.lit.clear()
        for _ in range(8):  # sinks are told a bounded number of values a frame
            self.feedback.send(self.show_, self.state, {})
        self.made.tend(self.show_, self.state, self.now_ns)
        return list(self.lit)

    def move(self, control: str, value: float, device: str = "pads") -> list[tuple[str, Value]]:
        """A hand moves something, and its events take effect."""
        moved = Moved(self.now_ns, device, control, value)
        items = self.made.events(self.show_, self.state, [moved])
        found = [(address, sent) for _, address, sent in items]
        self.apply(*found)
        return found

    def apply(self, *events: tuple[str, Value]) -> None:
        tick = self.state.tick + 1
        self.state = run(self.show_, tick, [(tick, a, v) for a, v in events], self.state)

    def learn(self, address: str, control: str, *values: float, device: str = "pads") -> None:
        self.made.command(self.show_, "target", address)
        for value in values:
            assert self.move(control, value, device) == []
        self.frame(WAIT_NS + 1)

    def kept(self) -> str:
        self.made.close()
        return (self.folder / "two-hands.toml").read_text("utf-8")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


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
    rig = Rig(tmp_path, wrong)
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
    again = Rig(rig.folder)
    assert again.move("midi/1/cc/7", 1.0) == [(SOFT, 0.0)]
    assert again.move("midi/1/cc/7", 1.0, "else") == [(AMOUNT, 1.0)]  # the show's, of any device
    other = Rig(rig.folder, TEXT.replace("Two Hands", "Another"))
    assert other.move("midi/1/cc/7", 1.0) == [(AMOUNT, 1.0)]
    assert again.made.learned == list(kept.mappings)


def test_what_is_forgotten_moves_nothing_any_more(rig: Rig) -> None:
    rig.made.command(rig.show_, "forget", "/cue/high/go")
    assert rig.said[-1] == "/cue/high/go: unmapped midi/1/note/37, midi/2/program/5"
    assert rig.move("midi/1/note/37", 0.5) == []
    assert rig.move("midi/1/note/36", 0.5) == [("/cue/low/go", True)]
    rig.kept()
    assert Rig(rig.folder).move("midi/1/note/37", 0.5) == []
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
    plain = Rig(rig.folder, "")
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
    made = Rig(rig.folder)
    assert made.move("midi/1/note/1", 1.0, "Box 1") == [("/master/freeze", 1.0)]
    made.plugged = ["Box 1"]
    made.frame()
    assert made.written == [bytes.fromhex("F07E7F0601F7")]
    assert made.said[-1] == "Box 1: map box, 2 of 4 controls move something in this show"
    assert made.move("midi/1/cc/7", 0.25, "Box 1") == [(AMOUNT, 0.25)]  # the show has it
    (rig.folder / "box.toml").write_text(
        'devices = ["box"]\n[[mappings]]\ncontrol = "midi/1/note/1"\naddress = "/master/blackout"\n'
    )
    mine = Rig(rig.folder)
    assert mine.move("midi/1/note/1", 1.0, "Box 1") == [("/master/blackout", 1.0)]
    (rig.folder / "box.toml").write_text("devices = 5")
    broken = Rig(rig.folder)
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
