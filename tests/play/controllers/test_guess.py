"""What a control is, guessed from its first messages."""

from __future__ import annotations

import pytest

from engine.play.controllers.guess import WAIT_NS, found, guess
from engine.sources.contract import Moved
from tests.making import read_show

SHOW = read_show('[[cues]]\nid = "one"\n')
GLOW = "/layer/form/effect/glow"


@pytest.mark.parametrize(
    ("bits", "is_over", "kind"),
    [
        ([127, 0], False, "button"),
        ([127], False, None),
        ([127], True, "button"),
        ([0, 127], False, "button"),
        ([127, 127, 127, 127], False, "twos_complement"),
        ([40, 42, 45, 47], False, "absolute"),
        ([40, 41], False, None),
        ([40, 41], True, "absolute"),
        ([1, 2, 3, 4, 5, 6, 7], False, None),  # a fader at its end, or an encoder
        ([1, 2, 3, 4, 5, 6, 7, 9, 12], False, "absolute"),
        ([1, 2, 3, 4, 5, 6, 7], True, "absolute"),
        ([1, 1, 1, 127, 127], False, "twos_complement"),
        ([1, 1, 2, 126, 126], False, "ones_complement"),
        ([1, 1, 65, 65], False, "sign_magnitude"),
        ([65, 65, 63, 63], False, "offset_64"),
        ([65, 66, 67, 68, 70], False, None),
        ([1, 1, 1], True, "twos_complement"),
    ],
)
def test_faders_buttons_and_encoders_are_told_apart(
    bits: list[int], is_over: bool, kind: str | None
) -> None:
    assert guess(bits, is_over) == kind


def learned(control: str, address: str, *values: float, after_ns: int = 0):
    seen = [Moved(n, "box", control, value) for n, value in enumerate(values)]
    return found(SHOW, address, {("box", control): seen}, after_ns)


def test_a_mapping_has_sensible_defaults() -> None:
    note, fader = "midi/1/note/60", "midi/1/cc/7"
    assert learned(note, "/cue/one/go", 0.4).mode == ""
    assert learned(note, f"{GLOW}/soft", 0.4).mode == "toggle"
    assert learned(note, f"{GLOW}/mode", 0.4).mode == "step"
    assert learned(note, f"{GLOW}/amount", 0.4).mode == "toggle"
    assert learned(note, "/show/save", 0.4).mode == ""
    assert learned(note, f"{GLOW}/amount", 0.0) is None  # it was let go
    assert learned(fader, f"{GLOW}/soft", 0.2, 0.3, 0.4).mode == "value"
    assert learned(fader, f"{GLOW}/soft", 1.0, 0.0).mode == "toggle"
    assert learned(fader, f"{GLOW}/amount", *[n / 127 for n in (65, 65, 63, 63)]).coding == (
        "offset_64"
    )
    assert learned("midi/1/bend", f"{GLOW}/amount", 0.0, 0.01) is None
    assert learned("midi/1/bend", f"{GLOW}/amount", 0.0, 0.2).coding == "absolute"
    assert learned("gamepad/1/axis/left_x", "/master/steer_x", 0.1, 0.3) is None
    assert learned("gamepad/1/axis/left_x", "/master/steer_x", 0.1, -0.7) is not None
    assert learned("osc/9/fader1", f"{GLOW}/amount", 0.2, 0.4).device == "box"
    assert learned("osc/9/fader1", f"{GLOW}/amount", 0.2, after_ns=WAIT_NS + 1) is not None
