"""Size expressions: every function that hosts know, and nothing else."""

from __future__ import annotations

import pytest

from engine.core.isf.size import evaluate_size


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        ("max(1, trunc($WIDTH/3))", 213), ("log2($HEIGHT)", 8), ("log(1000)", 3),
        ("-2^2 + 20", 16), ("2*-3 + 10", 4), ("$k > 0.25 ? 10 : 20", 10), ("l_if(0, 3, 7)", 7),
        ("min(9, 4, 6) + median(1, 5, 9)", 9), ("if($k == 0.5 && 1, 8, 9)", 8),
        ("cuberoot(27) + nthroot(16, 4)", 5), ("Floor(PI * 10)", 31), ("sum(1,2,3)*count(1,2)", 12),
        ("clamp(1, $WIDTH, 100)", 100), ("sqrt(2) ** 4", 4), ("rtod(pi)", 180),
    ],
)  # fmt: skip
def test_sizes_are_computed_with_every_function_that_hosts_know(size: str, pixels: int) -> None:
    assert evaluate_size(size, {"WIDTH": 640.0, "HEIGHT": 360.0, "k": 0.5}) == pixels


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ("trunk($WIDTH)", "'trunk' is no function that sizes have; near are: trunc"),
        ("random(3)", "'random' is no function"), ("pow(2)", "',' is missing"),
        ("min(1, 2", "')' is missing"), ("1 ? 2", "':' is missing"), ("nthroot(-2, 2)", "no value"),
        ("factorial(1e6)", "no value"), ("10^400", "no value"), ("floor()", "')'"),
    ],
)  # fmt: skip
def test_a_size_that_cannot_be_computed_says_why(size: str, words: str) -> None:
    with pytest.raises(ValueError, match="the size") as caught:
        evaluate_size(size, {})
    assert words in str(caught.value)
