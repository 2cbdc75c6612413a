"""The layouts for phones send what the default show takes, and are what their script makes."""

from __future__ import annotations

import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.event import Value
from engine.documents.show import load
from engine.play.event_queue import EventQueue
from engine.play.events.acceptance import refusal
from engine.play.live.commands import ADDRESSES
from engine.sources.contract import Origin

SHOW = load.load("default").show
Sent = tuple[str, list[tuple[float, float]]]
"""Address, and the range of each number of a message."""


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("phone", root / "docs" / "phone.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["phone"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def of_touchosc(data: bytes) -> Iterator[Sent]:
    for osc in ET.fromstring(zlib.decompress(data)).iter("osc"):
        address = "".join(part.findtext("value", "") for part in osc.find("path") or ())
        ranges = []
        for part in osc.find("arguments") or ():
            ends = [float(part.findtext(key, "")) for key in ("scaleMin", "scaleMax")]
            if part.findtext("type") == "CONSTANT":
                ends = [float(part.findtext("value", ""))] * 2
            ranges.append((ends[0], ends[1]))
        yield address, ranges


def of_open_stage_control(text: str) -> Iterator[Sent]:
    for each in json.loads(text)["content"]["widgets"]:
        if each["type"] == "button":
            on = each["on"] if isinstance(each["on"], list) else [each["on"]]
            yield each["address"], [(0.0 if each["mode"] == "toggle" else n, n) for n in on]
        else:
            limits = [each[key] for key in ("range", "rangeX", "rangeY") if key in each]
            yield each["address"], [(limit["min"], limit["max"]) for limit in limits]


@pytest.mark.parametrize("file", ["phone.tosc", "phone.json"])
def test_a_layout_sends_what_the_default_show_takes(root: Path, file: str) -> None:
    path = root / "docs" / file
    is_json = path.suffix == ".json"
    sent = list(
        of_open_stage_control(path.read_text("utf-8"))
        if is_json
        else of_touchosc(path.read_bytes())
    )
    assert len(sent) == 16
    assert ("/master/steer", [(-3.0, 3.0)] * 2) in sent
    for address, ranges in sent:
        for values in zip(*ranges, strict=True):
            value: Value = values if len(values) > 1 else values[0]
            if address in ADDRESSES:
                continue
            assert not refusal(SHOW, address, value, Origin("osc")), address
            place = SHOW.registry.index.get(address)
            places = SHOW.registry.groups[address] if place is None else (place,)
            for number, at in zip(values, places, strict=True):
                assert SHOW.low[at] <= number <= SHOW.high[at], address


def test_what_is_shipped_is_what_the_script_makes(root: Path, script: ModuleType) -> None:
    """It is not: then ``python docs/phone.py`` makes them anew."""
    listed, known = script.controls(), script.names()
    shipped = (root / "docs" / "phone.tosc").read_bytes()
    assert zlib.decompress(shipped) == zlib.decompress(script.touchosc(listed, known))
    text = (root / "docs" / "phone.json").read_text("utf-8")
    assert json.loads(text) == json.loads(script.open_stage_control(listed, known))


def test_the_two_layouts_send_the_same(root: Path) -> None:
    docs = root / "docs"
    one = {address for address, _ in of_touchosc((docs / "phone.tosc").read_bytes())}
    assert one == {a for a, _ in of_open_stage_control((docs / "phone.json").read_text("utf-8"))}
    assert "/feedback/all" in one


def test_the_pad_steers_and_the_buttons_are_scenes(root: Path) -> None:
    queue = EventQueue(ADDRESSES)
    items = [(0, "/master/steer", (0.5, -0.5)), (0, "/cue/2/go", 1.0), (0, "/feedback/all", 1.0)]
    queue.take(SHOW, -1, Origin("osc"), items, lambda _: Fraction(0))
    assert [event.address for event in queue.events_of(0)] == ["/master/steer", "/cue/2/go"]
    assert SHOW.registry["/cue/2/go"].address == f"/cue/{SHOW.cues[1].id}/go"
    assert queue.commands == [("/feedback/all", 1.0)]
