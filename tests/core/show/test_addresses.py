"""Everything that a show answers to stands in one table, and the table holds nothing else."""

from __future__ import annotations

import json
import math

import pytest

from engine.core.parameter import Kind
from engine.core.show.addresses import NUMBERS, addresses
from engine.documents.show import load
from engine.play.events.acceptance import refusal
from engine.sources.contract import Origin
from tests.making import read_show

SHOW = read_show(
    'signals = ["hand"]\n[[lfos]]\nid = "o"\n[[cues]]\nid = "one"\n[[routes]]\nid = "r"\n'
    'signal = "hand"\ntarget = "/master/speed"\ndepth = 1.0\n'
)
TABLE = addresses(SHOW)


def test_it_has_every_kind_of_address() -> None:
    assert {
        "/master/brightness", "/master/steer", "/cue/one/go", "/lfo/o/rate_hz", "/route/r/depth",
        "/layer/form/opacity", "/layer/form/path/pad_xy", "/layer/form/path/key", "/signal/hand",
        "/layer/form/effect/glow/tint", "/layer/form/effect/glow/tint/r", "/transport/tap",
    } <= TABLE.keys()  # fmt: skip
    assert {*SHOW.registry.index, *SHOW.registry.groups} == {
        name for each in TABLE.values() if each.parameters for name in (each.address, *each.aliases)
    }
    assert TABLE["/cue/one/go"].aliases == ("/cue/1/go",)
    assert all(each.text.strip() for each in TABLE.values())


def good(each) -> object:  # type: ignore[no-untyped-def]
    """A value that an address says it takes."""
    if each.kind == NUMBERS:
        count = (each.counts or (3,))[0]
        return 0.5 if count == 1 else (0.5,) * count
    (parameter,) = each.parameters
    if parameter.kind is Kind.CHOICE:
        return parameter.choices[-1]
    return 1.0 if math.isinf(parameter.high) else (parameter.low + parameter.high) / 2


@pytest.mark.parametrize("name", ["default", "keys", "atlas"])
def test_each_takes_what_it_says_by_each_of_its_names(name: str) -> None:
    show = load.load(name).show
    table = addresses(show)
    assert len(table) > 100
    for each in table.values():
        for address in (each.address, *each.aliases):
            assert refusal(show, address, good(each), Origin("osc")) is None, address  # type: ignore[arg-type]
            assert refusal(show, address, "no such word", Origin("osc")), address


def test_it_is_data_for_others() -> None:
    found = {
        each["address"]: each
        for each in json.loads(json.dumps([e.report() for e in TABLE.values()]))
    }
    assert found["/master/steer"] == {
        "address": "/master/steer", "type": "numbers", "takes": "2 numbers", "numbers": [2],
        "range": [[-50, 50], [-50, 50]], "unit": "rad", "default": [0.0, 0.0],
        "curve": "linear", "label": "Steer",
        "text": "steer_x and steer_y in one message.",
    }  # fmt: skip
    motion = found["/layer/form/path/motion"]
    assert motion["default"] == "walk"
    assert "orbit" in motion["choices"]
    assert "range" not in motion
    assert found["/master/blackout"]["default"] is False
    assert "default" not in found["/master/jump"]
    assert found["/layer/form/path/key"]["numbers"] == [SHOW.paths[0].size]
