"""Rates of shaders: which inputs are some, and what is added to their rounds."""

from __future__ import annotations

from engine.core.isf.header import parse
from engine.core.isf.turns import shifted, turning

HEADER = """/*{"INPUTS": [
{"NAME": "pace", "TYPE": "long", "MIN": 0, "MAX": 9},
{"NAME": "rate", "TYPE": "long", "MIN": 0, "MAX": 9},
{"NAME": "odd", "TYPE": "long", "MIN": 0, "MAX": 9},
{"NAME": "two", "TYPE": "long", "MIN": 0, "MAX": 9},
{"NAME": "word", "TYPE": "long", "VALUES": [0, 4], "LABELS": ["a", "b"]},
{"NAME": "speed", "TYPE": "float"}]}*/
"""
BODY = """void main() {
    float a = TIME * float(pace) / 3600.0 + TIME*float( rate )/60.0;
    float b = TIME * float(odd) / 7.0 + TIME * float(two) / 60.0 + TIME * float(two) / 30.0;
    float c = TIME * float(word) / 60.0 + TIME * speed / 60.0; // TIME * float(odd) / 60.0
    gl_FragColor = vec4(a, b, c - TIME * float(pace) / 3600.0, 1.0);
}
"""


def test_whole_numbers_that_count_rounds_of_the_hour_are_rates() -> None:
    header = parse(HEADER + BODY, "x.fs")
    assert turning(header.inputs, header.body) == {"pace": 3600.0, "rate": 60.0}


def test_a_part_of_a_round_is_added_in_its_place() -> None:
    found = shifted(BODY, ["pace"])
    term = "(TIME * float(pace) / 3600.0 + host_turns_pace)"
    assert found == BODY.replace("TIME * float(pace) / 3600.0", term)
    assert shifted(BODY, []) == BODY
