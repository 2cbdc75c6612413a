"""Rehearsal: whatever a live address reaches is drawn once, by a child that starts late."""

from __future__ import annotations

from itertools import product
from multiprocessing import Pipe
from types import SimpleNamespace
from typing import Any

import moderngl
import pytest

from engine.compositor import rehearsal
from engine.compositor.canvas.blend import FIXED, Blender
from engine.core.show.layer import BLENDS

EFFECT = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage).bgra; }"
)
BROKEN = '/*{"ISFVSN": "2"}*/ void main() { gl_FragColor = vec4(1.0, nothing); }'

LONG = "//" + "x" * 1_000_000  # more than a pipe holds


def test_every_way_of_blending_is_rehearsed() -> None:
    layers = [plan.layers[-1] for plan in rehearsal._scenes()]
    found = {(layer.blend, layer.is_display, layer.placing is None) for layer in layers}
    assert found >= set(product(BLENDS, (False, True), (False, True)))
    assert {layer.blend for layer in layers if layer.is_group} == set(FIXED)
    assert any(plan.decks for plan in rehearsal._scenes())
    assert {plan.limits_flashes for plan in rehearsal._finishings()} == {False, True}


def test_a_show_s_shaders_are_drawn_and_broken_ones_passed_by(
    ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, run = [], rehearsal.Compositor.compose

    def composed(compositor: Any, plan: Any, pixels: Any) -> Any:
        drawn.append(plan.layers[-1])
        return run(compositor, plan, pixels)

    monkeypatch.setattr(rehearsal.Compositor, "compose", composed)
    monkeypatch.setattr(rehearsal, "_scenes", lambda: iter(()))
    monkeypatch.setattr(rehearsal, "_finishings", lambda: iter(()))
    monkeypatch.setattr(rehearsal, "_PICTURES", rehearsal._PICTURES[:1])
    monkeypatch.setattr(Blender, "draw", lambda *_: pytest.fail("nothing of that was asked for"))
    rehearsal.rehearse(ctx, {"broken": BROKEN, "turned": EFFECT})
    names = [layer.effects[0].shader for layer in drawn if layer.effects]
    assert names == ["turned"] * (len(FIXED) + 1)
    assert {layer.generator for layer in drawn if layer.generator} == {"False", "True"}


def test_it_starts_once_and_late(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    child = SimpleNamespace(kill=lambda: started.append("killed"), join=lambda _: None)
    ours, theirs = Pipe()
    monkeypatch.setattr(
        rehearsal, "launch_with_pipe", lambda _, name: started.append(name) or (child, ours)
    )
    made = rehearsal.Rehearsal()
    made.close()
    for playing_s in (0.0, rehearsal.AFTER_S - 0.1, rehearsal.AFTER_S, rehearsal.AFTER_S + 1.0):
        made.tend(playing_s, {"a": LONG, "b": "B"}, {"b"})  # no frame waits until it is read
    assert started == ["latent-cinema-rehearsal"]
    assert theirs.recv() == {"a": LONG}
    made.close()
    assert started[1:] == ["killed"]
