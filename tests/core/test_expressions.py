"""Expressions: what they come to, and that no text at all does harm."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.core.expressions import (
    DEEPEST,
    FUNCTIONS,
    LARGEST,
    LARGEST_TEXT,
    MOST_NODES,
    Names,
    compile_expression,
)

PLACES = {"a": 0, "b": 1, "audio/level": 2, "/macro/wet": 3}
VALUES = [2.0, 3.0, 0.5, 0.25]


def place(name: str) -> int:
    if name not in PLACES:
        raise ValueError(f"no signal '{name}'")
    return PLACES[name]


NAMES = Names(place, PLACES.__contains__, 7)


def value(text: str, numbers=VALUES) -> float:
    return compile_expression(text, NAMES)(numbers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("16 / 4 / 2", 2.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ -1", 0.5),
        ("7 % 3 + -7 % 3", 3.0),
        ("1.5e1 + .5", 15.5),
        ("a/b", 2.0 / 3.0),
        ("a / audio/level", 4.0),
        ("audio/level/a/b", 0.5 / 2.0 / 3.0),
        ("pi/a", math.pi / 2.0),
        ("a/min(b, 1)", 2.0),
        ("audio/level*2", 1.0),
        ("/macro/wet / 2", 0.125),
        ("a / /macro/wet", 8.0),
        ("a < b ? 10 : 20", 10.0),
        ("a > b ? 1 : a == 2 ? 5 : 6", 5.0),
        ("a <= 2 && b >= 3", 1.0),
        ("!(a != 2) || 0", 1.0),
        ("1 + 1 == 2", 1.0),
        ("min(a, b, -1)", -1.0),
        ("max(a, b)", 3.0),
        ("clamp(a * 10, 0, 1)", 1.0),
        ("mix(a, b, 0.5)", 2.5),
        ("smoothstep(0, 1, 0.5)", 0.5),
        ("step(1, a)", 1.0),
        ("floor(-0.5) + ceil(0.5) + round(2.5) + fract(1.25)", 3.25),
        ("abs(-a) + sign(-a)", 1.0),
        ("sqrt(16) + exp(0) + log(1)", 5.0),
        ("sin(0) + cos(0) + tanh(0)", 1.0),
        ("cos(pi)", -1.0),
        ("pow(2, 10)", 1024.0),
    ],
)
def test_it_comes_to(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["1 / 0", "a / (b - 3)", "a % 0", "sqrt(-1)", "log(0)", "log(-1)", "(0 - 8) ^ 0.5", "0 ^ -1",
     "1e9 ^ 1e9", "sin(1e9 ^ 30 * 1e9 ^ 30 * 1e9 ^ 30)"],
)  # fmt: skip
def test_what_has_no_value_is_zero(text: str) -> None:
    assert value(text.replace("1e9", "(a * 5e8)")) == 0.0
    assert value(text) == 0.0


def test_what_is_too_large_is_held() -> None:
    assert value("1e9 * 1e9") == LARGEST
    assert value("-1e9 * 1e9") == -LARGEST


def test_noise_and_random_are_keyed_smooth_and_in_range() -> None:
    for x in (0.0, 0.3, 5.75, -3.5):
        assert 0.0 <= value("noise(a)", [x]) <= 1.0
        assert value("random(a)", [x]) == value("random(a)", [math.floor(x) + 0.25])
        assert abs(value("noise(a)", [x + 1e-7]) - value("noise(a)", [x])) < 1e-6
    assert value("noise(a)", [4.0]) == value("random(a)", [4.0])
    other = compile_expression("noise(a)", NAMES._replace(seed=8))
    assert other([0.5]) != value("noise(a)", [0.5])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a number or a name is missing"),
        ("1 +", "a number or a name is missing"),
        ("(1", "a ')' is missing"),
        ("1 2", "'2' does not fit here, at character 3"),
        ("a ? 1", "a ':' is missing"),
        ("import(1)", "no function 'import'"),
        ("__class__", "no signal '__class__'"),
        ("a.b", "'.' does not fit here"),
        ("lfo/x + 1", "no signal 'lfo/x'"),
        ("mix(1, 2)", "mix takes 3 numbers, not 2"),
        ("sin", "no signal 'sin'"),
        ("1e99", "larger than"),
        ("a = 1", "'=' does not fit here"),
        ("x" * (LARGEST_TEXT + 1), f"longer than {LARGEST_TEXT}"),
        ("(" * 900, f"nested deeper than {DEEPEST}"),
        ("-" * 900, f"nested deeper than {DEEPEST}"),
        ("a^" * 400 + "a", f"nested deeper than {DEEPEST}"),
        ("a+" * 400 + "a", f"more than {MOST_NODES}"),
        ("+".join(["noise(a)"] * 20), f"more than {MOST_NODES}"),
    ],
)
def test_what_is_none_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        compile_expression(text, NAMES)


words = st.sampled_from([
    *PLACES, *FUNCTIONS, *"+-*/%^<>?:,()!&|=.", "&&", "||", "==", "1", "0", "1e9", " ", "pi", "2.5",
])  # fmt: skip
numbers = st.lists(st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 1.0, -1.0, 1e9])),
                   min_size=4, max_size=4)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=40).map("".join)), numbers)
def test_no_text_raises_anything_but_its_sentence(text: str, given_numbers) -> None:
    try:
        node = compile_expression(text, NAMES)
    except ValueError:
        return
    assert abs(node(given_numbers)) <= LARGEST
    assert node(given_numbers) == node(given_numbers)


def grown(depth: int):
    leaf = st.sampled_from(["a", "b", "audio/level", "/macro/wet ", "0", "1", "-3", "1e9", "0.5"])
    if depth == 0:
        return leaf
    inner = grown(depth - 1)
    call = st.sampled_from(list(FUNCTIONS)).flatmap(
        lambda name: st.tuples(*[inner] * FUNCTIONS[name][0]).map(
            lambda given: f"{name}({', '.join(given)})"
        )
    )
    sign = st.sampled_from(["+", "-", "*", "/", "%", "^", "<", ">=", "==", "&&", "||"])
    pair = st.tuples(inner, sign, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    choose = st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})")
    return st.one_of(leaf, call, pair, choose)


@given(grown(4), numbers)
def test_every_well_formed_text_has_a_finite_value(text: str, given_numbers) -> None:
    try:
        node = compile_expression(text, NAMES)
    except ValueError:
        assume(False)  # too long
    assert abs(node(given_numbers)) <= LARGEST
