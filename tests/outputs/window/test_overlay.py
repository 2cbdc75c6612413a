"""Messages and meters of the operator: as large as they need."""

from __future__ import annotations

import numpy as np

from engine.outputs.window import overlay
from engine.outputs.window.overlay import Meters


def test_a_message_is_as_wide_as_its_text_and_no_wider_than_allowed() -> None:
    short = overlay.draw_messages(["relief.fs:42: undeclared"])
    long = overlay.draw_messages(["relief.fs:42: undeclared\n" * 100], most_px=600)
    both = overlay.draw_messages(["blackout on", "cue b waits"])
    assert short.shape[0] == long.shape[0] == 40
    assert both.shape[0] == 88
    assert short.shape[1] < 400
    assert short.shape[1] < long.shape[1] <= 600
    assert overlay.cut("3 × 4 –\n Übergang → Привет…", overlay.font(12), 1e9) == (
        "3 × 4 – Übergang → Привет…"
    )


def test_the_strip_shows_the_sound_and_what_must_not_be_forgotten() -> None:
    def bar(level: float) -> int:
        strip = overlay.draw_meters(Meters(level, ("60 of 60 fps",)), (640, 24))
        assert strip.shape == (24, 640, 4)
        assert (strip[..., 3] == 255).all()
        return int((strip[12, :, :3] == overlay.BAR[:3]).all(axis=1).sum())

    widths = [bar(level) for level in (-1.0, 0.0, 0.5, 1.0, 9.0)]
    assert widths[0] == widths[1] < widths[2] < widths[3] == widths[4]

    def amber(meters: Meters) -> int:
        strip = overlay.draw_meters(meters, (640, 24))
        return int((np.abs(strip[..., :3].astype(int) - overlay.KEY[:3]).max(axis=2) < 12).sum())

    assert amber(Meters(0.5, ("60 of 60 fps",))) == 0
    assert amber(Meters(0.5, ("60 of 60 fps",), ("blackout on",))) > 20


def test_a_narrow_strip_cuts_its_texts() -> None:
    assert overlay.draw_meters(Meters(1.0, ("x" * 99,) * 9, ("y",) * 9), (40, 20)).size
