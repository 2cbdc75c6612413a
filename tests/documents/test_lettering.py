"""Text layers in a show: told by events and cues, kept by snapshots, copies and captured cues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import sample
from engine.core.show.addresses import addresses
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.documents.show.saving.capture import capture, with_cue
from engine.documents.show.saving.save import live_values, with_texts, with_values
from engine.play.events.acceptance import refusal
from engine.sources.contract import EVERYTHING, Origin

TEXT = "/layer/title/text"
SHOW = """schema = 1
size_px = [64, 36]
[[layers]]
id = "ground"
solid = { colour = [0.5, 0.25, 0.0, 1.0] }
[[layers]]
id = "title"
[layers.text]
text = "one"
[[cues]]
id = "two"
set = { "/layer/title/text" = "two", "/layer/title/text/size" = 0.3 }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "mine.toml"
    found.write_text(SHOW, "utf-8")
    return found


def shown(show: Show, state: State) -> Any:
    ((name, found),) = sample(show, state, 0.1).letterings
    assert name == "text:title"
    return found


def told(show: Show, *events: tuple[str, Any]) -> State:
    state = first_state(show)
    for tick, (address, value) in enumerate(events):
        state = advance(show, state, tick, [Event(tick, address, value, "osc", tick)])
    return state


def test_a_text_is_told_by_name_or_number_and_nothing_else_is_taken(path: Path) -> None:
    show = load.load(str(path)).show
    assert show.notes == ()
    assert shown(show, told(show, ("/clock/jump", 0.0))).text == "one"
    for address in (TEXT, "/layer/2/text"):
        assert shown(show, told(show, (address, "new\nline"))).text == "new\nline"
    for wrong in (3.0, True, (1.0, 2.0), "x" * 501):
        assert shown(show, told(show, (TEXT, wrong))).text == "one"
        assert "takes a text" in str(refusal(show, TEXT, wrong, Origin("osc", EVERYTHING)))
    assert refusal(show, TEXT, "new", Origin("osc", EVERYTHING)) is None
    listed = addresses(show)[TEXT]
    assert (listed.takes(), listed.default, listed.aliases) == ("a text", "one", ("/layer/2/text",))


def test_a_cue_sets_it_and_what_is_told_later_stands(path: Path) -> None:
    show = load.load(str(path)).show
    state = told(show, ("/cue/two/go", True), ("/clock/jump", 0.0))
    assert (shown(show, state).text, shown(show, state).size) == ("two", 0.3)
    assert shown(show, told(show, ("/cue/two/go", True), (TEXT, "late"))).text == "late"


def test_snapshots_and_edited_shows_keep_it(path: Path) -> None:
    show = load.load(str(path)).show
    state = told(show, (TEXT, "kept"))
    again = from_data(show, json.loads(json.dumps(to_data(show, state))))
    assert shown(show, again).text == "kept"
    path.write_text(SHOW.replace('"one"', '"edited"'), "utf-8")
    edited = load.load(str(path)).show
    assert shown(edited, migrate(show, edited, state)).text == "kept"
    fresh = told(show, ("/clock/jump", 0.0))
    assert shown(edited, migrate(show, edited, fresh)).text == "edited"
    old = to_data(show, fresh)
    del old["texts"]  # as older takes are
    assert shown(show, from_data(show, old)).text == "one"
    assert from_data(show, {**old, "texts": {"/layer/gone/text": "x", TEXT: 3}}).texts == {}


def test_copies_and_captured_cues_have_it(path: Path) -> None:
    loaded = load.load(str(path))
    state = told(loaded.show, (TEXT, 'say "this"'), ("/layer/title/text/size", 0.5),
                 ("/layer/ground/solid/colour", (0.0, 1.0, 0.0, 1.0)))  # fmt: skip
    copy = with_values(SHOW, loaded.show, live_values(loaded.show, state), state.cue)
    path.write_text(with_texts(copy, state.texts), "utf-8")
    again = load.load(str(path))
    found = shown(again.show, told(again.show, ("/clock/jump", 0.0)))
    assert (found.text, found.size) == ('say "this"', 0.5)
    assert again.table.layers[0].solid.colour == (0.0, 1.0, 0.0, 1.0)
    path.write_text(with_cue(SHOW, loaded.show, capture(loaded.show, state, "then")), "utf-8")
    captured = load.load(str(path)).show
    state = told(captured, ("/cue/then/go", True), ("/clock/jump", 0.0))
    assert shown(captured, state).text == 'say "this"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('text = "one"', 'text = "one"\nsize = 9.0', "9 is outside 0.005 to 2"),
        ('text = "one"', 'text = "one"\nfont = "none.ttf"', "none.ttf"),
        ('text = "one"', f'text = "{"x" * 501}"', "500 characters at most"),
        ('text = "one"', 'text = "one"\nalign = "middle"', "align"),
        ('text" = "two"', 'text" = 2', "takes a text"),
        ('id = "title"', 'id = "title"\nsolid = {}', "a layer has one source"),
        ('id = "title"', 'id = "title"\ngroup = "ground"', "'ground' is a group"),
        ("0.25, 0.0, 1.0", "0.25", "numbers"),
    ],
)
def test_what_is_wrong_is_said(path: Path, old: str, new: str, said: str) -> None:
    assert old in SHOW
    path.write_text(SHOW.replace(old, new), "utf-8")
    with pytest.raises(ShowError, match=said):
        load.load(str(path))


def test_what_is_no_font_is_refused(path: Path) -> None:
    (path.parent / "bad.ttf").write_bytes(b"nothing")
    path.write_text(SHOW.replace('text = "one"', 'text = "one"\nfont = "bad.ttf"'), "utf-8")
    with pytest.raises(ShowError, match=r"text\.font: bad\.ttf: no font that can be read"):
        load.load(str(path))
