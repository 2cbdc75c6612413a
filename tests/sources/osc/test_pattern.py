"""OSC 1.0 patterns: what they are for, at a cost that no pattern can drive up."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.osc import pattern as patterns
from engine.sources.osc.pattern import MOST_CHARACTERS, MOST_STEPS, find, grow, is_pattern

TREE = grow(
    ["/layer/form/opacity", "/layer/form/path/speed", "/layer/wall/opacity", "/layer/1/opacity",
     "/layer/2/opacity", "/master/steer_x", "/master/steer_y", "/cue/a-b/go"]
)  # fmt: skip


def found(pattern: str) -> list[str]:
    return find(pattern, TREE)[0]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("/layer/*/opacity", 4),
        ("/layer/*", 0),  # a star ends where its part ends
        ("/layer/*/*", 4),
        ("/*/*/*/speed", 1),
        ("/layer/f*m/opacity", 1),
        ("/layer/*o*m*/opacity", 1),
        ("/layer/[0-9]/opacity", 2),
        ("/layer/[9-0]/opacity", 2),
        ("/layer/[!0-9]/opacity", 0),
        ("/layer/[!0-9]*/opacity", 2),
        ("/layer/{form,wall,none}/opacity", 2),
        ("/layer/{f,form}/opacity", 1),
        ("/layer/{wa,f}{ll,orm}/opacity", 2),
        ("/layer/{*o*,?}/opacity", 3),
        ("/master/steer_?", 2),
        ("/master/steer_[xy]", 2),
        ("/cue/a[+--]b/go", 1),
        ("/cue/[!x]-b/go", 1),
        ("/layer.form/opacity*", 0),
        ("/layer/form", 0),
    ],
)
def test_what_a_pattern_is_for(pattern: str, count: int) -> None:
    assert is_pattern(pattern) or count == 0
    assert len(found(pattern)) == count


@pytest.mark.parametrize("pattern", ["/[a", "/a]", "/{a,b", "/a}", "/[]", "/{a{b}c}", "/[!]x]"])
def test_a_broken_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        found(pattern)


def test_alternatives_are_bounded() -> None:
    with pytest.raises(ValueError, match="1073741824 alternatives, which is too many"):
        found("/{a,a}" + "{a,a}" * 29)
    assert found("/" + "*a" * (MOST_CHARACTERS // 2 - 1)) == []


def test_what_a_search_takes_is_bounded() -> None:
    tree = grow(f"/a{j}/b{k}/c" for j in range(70) for k in range(70))
    with pytest.raises(ValueError, match="takes too long"):
        find("/*/*/?", tree)
    steps = find("/*/b1/c", tree)[1]
    assert 70 <= steps < 300 < MOST_STEPS


letters = st.text("ab/", max_size=8)
globs = st.lists(
    st.sampled_from(["a", "b", "*", "?", "[a]", "[!a]", "/"]), max_size=9
).map("".join)  # fmt: skip


@given(globs, letters)
@settings(deadline=None)
def test_it_is_what_matching_part_by_part_is(glob: str, address: str) -> None:
    """Against the standard library's matcher of file names, one for each part."""
    parts, names = glob.split("/"), address.split("/")
    expected = len(parts) == len(names) and all(map(fnmatch.fnmatchcase, names, parts))
    assert bool(find("/" + glob, grow(["/" + address]))[0]) == expected


def count_steps(expression: str) -> int:
    """Stars that can be tried at more than one place: those outside of an atomic group."""
    return expression.count(".*") - expression.count("(?>.*?")


def test_no_pattern_is_tried_in_more_ways_than_there_are_letters() -> None:
    """Of a part, one star at most is not atomic: k stars would be tried in n^k ways."""
    bomb = "*a" * 100 + "*b"
    assert count_steps(patterns._part(bomb)) == 1
    assert patterns.compile_part(bomb).fullmatch("a" * 250) is None
    assert re.fullmatch(patterns._part(bomb), "a" * 250 + "b")
