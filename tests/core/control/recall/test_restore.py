"""What is put back comes as data: of a stranger's take nothing in it breaks the show."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.recall.restore import ADDRESS, Standing, read
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.state import first_state
from engine.play.event_queue import refusal
from engine.sources.contract import EVERYTHING, Origin
from tests.making import base, read_show, run

SHOW = read_show('[[cues]]\nid = "a"\ntime_s = 9.0\nset = { "/master/speed" = 3.0 }\n')


def put(text: str):
    state = run(SHOW, 10, [(2, "/cue/a/go", True)])
    return advance(SHOW, state, 11, [Event(11, ADDRESS, text, "history", 0)])


def test_values_are_there_at_once_and_end_their_ways() -> None:
    state = put(Standing({"/master/speed": 0.5, "/master/brightness": 9.0}, "").write())
    assert (base(SHOW, state, "/master/speed"), state.ramps, state.cue) == (0.5, (), -1)
    assert base(SHOW, state, "/master/brightness") == 1.0  # in range, as any write


def test_nobody_outside_may_send_it() -> None:
    with pytest.raises(KeyError):
        refusal(SHOW, ADDRESS, "{}", Origin("osc", EVERYTHING))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 5000,
        json.dumps({"values": 3}),
        json.dumps({"values": {"/master/speed": math.nan, "/gone": 1, "/cue/a/go": 1}}),
        json.dumps({"values": {"/master/speed": "x", "/master/brightness": [1]}}),
        json.dumps({"lists": {"main": [1]}, "paths": {"/layer/form/path": 3, "/no": []}}),
        json.dumps({"paths": {"/layer/form/path": [1, {"keys": [[[]]], "travel": 3}]}}),
        json.dumps({"paths": {"/layer/form/path": [1e400, {}]}, "more": 1}),
        json.dumps({"cue": 7}),
        json.dumps({"cue": ["a"]}),
    ],
)
def test_what_is_no_such_data_changes_nothing(text: str) -> None:
    state, plain = put(text), put(Standing().write())
    assert state.base.tobytes() == plain.base.tobytes()
    assert state.paths == plain.paths


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.fixed_dictionaries(dict.fromkeys(("values", "cue", "lists", "paths"), json_values)))
def test_any_json_is_read_without_an_error(data: dict[str, object]) -> None:
    assert isinstance(read(json.dumps(data)), Standing)
    state = first_state(SHOW)
    assert advance(SHOW, state, 0, [Event(0, ADDRESS, json.dumps(data), "x", 0)]).tick == 0
