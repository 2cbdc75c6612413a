"""Layouts of other programs: each address stands for one of the show, with values from 0 to 1."""

from __future__ import annotations

import math

import pytest

from engine.core.show.layouts import LAYOUTS, alias_of, layouts, scaled
from tests.making import read_show

SHOW = read_show("""
[[layers]]
id = "back"
[layers.generator]
kind = "cppn"
[[layers.effects]]
shader = "glow"
[[macros]]
id = "wild"
targets = [{ target = "/master/speed", range = [0, 1] }]
[[cues]]
id = "a"
[[cues]]
id = "b"
""")
FOUND = layouts(SHOW)


def test_numbers_are_those_of_layers_and_cues() -> None:
    count = len(SHOW.layers)
    assert f"/composition/layers/{count}/video/opacity" in FOUND
    assert f"/composition/layers/{count + 1}/video/opacity" not in FOUND
    assert FOUND["/composition/columns/2/connect"].address == "/cue/2/go"
    assert "/composition/columns/3/connect" not in FOUND
    effect = FOUND[f"/composition/layers/{count}/video/effects/glow/opacity"]
    assert effect.address == f"/layer/{count}/effect/glow/mix"


def test_what_the_show_has_not_is_not_there() -> None:
    known = SHOW.registry.index.keys() | SHOW.registry.groups.keys()
    assert {alias.address for alias in FOUND.values()} <= known
    assert not any("{" in name for name in FOUND)
    assert FOUND["/3/fader1"].address == "/macro/1"
    assert "/3/fader2" not in FOUND
    assert len(LAYOUTS) < 40  # it stays a table that one can read


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("/composition/layers/1/video/opacity", 0.25, 0.25),
        ("/composition/speed", 0.1, 1.0),
        ("/composition/tempocontroller/tempo", 0.25, 140.0),
        ("/composition/layers/1/clear", 1, 0.0),
        ("/composition/bypassed", 1, 1.0),
        ("/composition/columns/1/connect", 1, 1),
        ("/1/xy1", (0.0, 1.0), (-3.0, 3.0)),
        ("/1/xy1", (0.0, 1.0, 0.5), (-3.0, 3.0, 0.0)),
        ("/1/fader1", "loud", "loud"),
        ("/1/fader1", 10**400, math.inf),
    ],
)
def test_values_from_0_to_1_are_brought_to_the_range_of_the_address(name, value, found) -> None:
    assert scaled(FOUND[name], value) == pytest.approx(found)


def test_without_a_range_of_its_own_the_curve_counts() -> None:
    rate = alias_of(SHOW, f"/layer/{len(SHOW.layers)}/path/jump_s")
    assert scaled(rate, 1.0) == 30.0
    assert scaled(rate, 0.5) == pytest.approx(0.92, abs=0.01)
    assert math.isnan(scaled(rate, math.nan))
