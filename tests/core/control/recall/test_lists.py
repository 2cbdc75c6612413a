"""Cue lists go on, back and by lot, follow what else begins, and replay from any tick."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.recall.lists import drawn, next_cue
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from tests.making import read_show, run

CUES = "".join(
    f'[[cues]]\nid = "{name}"\nset = {{ "/master/speed" = {n} }}\nafter_s = 0.5\n'
    for n, name in enumerate("abcd")
)
TEXT = f"""
{CUES}
[[cue_lists]]
id = "main"
cues = ["a", "b", "c"]
[[cue_lists]]
id = "round"
cues = ["c", "d"]
loop = true
"""


@pytest.fixture(scope="module")
def show() -> Show:
    return read_show(TEXT)


def name(show: Show, state: State) -> str:
    return show.cues[state.cue].id if state.cue >= 0 else ""


def after(show: Show, *addresses: str) -> State:
    return run(show, len(addresses), [(i, each, True) for i, each in enumerate(addresses)])


@pytest.mark.parametrize(
    ("pressed", "begun"),
    [
        (("go",), "a"),
        (("go", "go"), "b"),
        (("go", "go", "go", "go"), "c"),  # it stays at its end
        (("go", "go", "back"), "a"),
        (("go", "back"), "a"),
        (("back",), ""),
    ],
)
def test_a_list_goes_on_and_back(show: Show, pressed: tuple[str, ...], begun: str) -> None:
    assert name(show, after(show, *(f"/cues/{each}" for each in pressed))) == begun


def test_every_list_has_its_own_addresses_and_a_number(show: Show) -> None:
    assert name(show, after(show, "/cues/round/go", "/cues/2/go", "/cues/2/go")) == "c"
    assert show.registry.index["/cues/go"] == show.registry.index["/cues/main/go"]
    assert show.registry.index["/cues/1/back"] == show.registry.index["/cues/back"]


def test_a_list_goes_on_from_what_else_has_begun(show: Show) -> None:
    state = after(show, "/cue/b/go")
    assert show.cues[next_cue(show, state)].id == "c"
    assert name(show, after(show, "/cue/2/go", "/cues/go")) == "c"


def test_a_release_of_a_button_is_no_press(show: Show) -> None:
    assert run(show, 2, [(0, "/cues/go", 1.0), (1, "/cues/go", 0.0)]).lists[0].at == 0


@given(st.integers(0, 2**62), st.integers(1, 9), st.integers(0, 200))
def test_the_lot_takes_each_once_a_round_and_none_twice(seed: int, count: int, turn: int) -> None:
    first = turn * count
    found = [drawn(seed, "x", count, first + k) for k in range(2 * count)]
    assert sorted(found[:count]) == sorted(found[count:]) == list(range(count))
    assert count == 1 or all(a != b for a, b in pairwise(found))


def test_the_lot_depends_on_the_seed_alone(show: Show) -> None:
    names = [name(show, after(show, *["/cues/random"] * n)) for n in range(1, 7)]
    assert names == [name(show, after(show, *["/cues/random"] * n)) for n in range(1, 7)]
    assert sorted(names[:3]) == ["a", "b", "c"]


def test_a_list_that_follows_goes_on_by_itself_while_hands_play() -> None:
    show = read_show(TEXT.replace('cues = ["a", "b", "c"]', 'cues = ["a", "b"]\nfollow = true'))
    hands = [(tick, "/master/brightness", 0.5) for tick in range(0, 200, 7)]
    state = run(show, 59, [(0, "/cues/go", True), *hands])
    assert name(show, state) == "a"
    assert name(show, run(show, 61, hands, state)) == "b"
    assert name(show, run(show, 200, hands, state)) == "b"


def test_where_a_list_is_survives_a_snapshot(show: Show) -> None:
    state = after(show, "/cues/random", "/cues/random", "/cues/2/go")
    again = from_data(show, json.loads(json.dumps(to_data(show, state))))
    assert again.lists == state.lists
    assert all(each.at >= 0 for each in again.lists)
