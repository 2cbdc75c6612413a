"""ISF headers: lenient in form, strict in effect, bounded against hostile files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.isf import header as isf
from engine.core.isf.header import decode, groups, has_history, parameters, parse, uniforms
from engine.core.isf.inputs import TYPES
from engine.core.isf.size import evaluate_size
from engine.core.parameter import Kind, coerce

BODY = "\nvoid main() { gl_FragColor = vec4(1.0); }\n"


def header(text: str) -> isf.Header:
    return parse(f"/*{text}*/{BODY}", "a.fs")


def with_inputs(*inputs: dict[str, object]) -> isf.Header:
    return header(json.dumps({"ISFVSN": "2", "INPUTS": inputs}))


def test_a_plain_header_is_read() -> None:
    found = header(
        """{ "ISFVSN": "2", "DESCRIPTION": "d", "CREDIT": "c", "CATEGORIES": ["x", "y"],
        "INPUTS": [{ "NAME": "inputImage", "TYPE": "image" },
                   { "NAME": "k", "TYPE": "float", "DEFAULT": 2, "MIN": 1, "MAX": 3 }],
        "PASSES": [{ "TARGET": "t", "PERSISTENT": true, "FLOAT": true, "WIDTH": "$WIDTH/2" },
                   {}] }"""
    )
    assert (found.description, found.credit, found.categories) == ("d", "c", ("x", "y"))
    assert found.kind == "filter"
    assert [(i.name, i.type, i.default, i.low, i.high) for i in found.inputs[1:]] == [
        ("k", "float", 2.0, 1.0, 3.0)
    ]
    assert found.passes == (
        isf.PassSpec("t", True, True, "$WIDTH/2", ""), isf.PassSpec("", False, False, "", "")
    )  # fmt: skip
    assert has_history(found)
    assert found.version == 2


@pytest.mark.parametrize(
    "text",
    [
        '{ "INPUTS": [ { "NAME": "k", "TYPE": "float", "DEFAULT": .5, }, ], }',
        '{ "INPUTS": [ { "NAME": "k" "TYPE": "float",, "DEFAULT": +0.5 } ] }',
        '{ // a comment\n "INPUTS": [ { "NAME": "k", "TYPE": "float", "DEFAULT": 5.e-1 } ] // b\n}',
        '\ufeff{\u00a0"INPUTS": [ { "NAME": "k", "TYPE": "float", "DEFAULT": "0.5" } ] }',
        '{ "DESCRIPTION": "two\nlines\tand http://a.b", '
        '"INPUTS": [{"NAME":"k","TYPE":"float","DEFAULT":0.5}]}',
        '{ "DESCRIPTION": "a */ inside", "INPUTS": [{"NAME":"k","TYPE":"float","DEFAULT":0.5}] }',
        '{ "INPUTS": [{"NAME":"k","TYPE":"float","DEFAULT":0.5}] }} trailing { nonsense',
        '{ "INPUTS": [\r\n{"NAME":"k","TYPE":"float","DEFAULT":0.5}\r\n] }',
    ],
)
def test_headers_as_people_write_them(text: str) -> None:
    assert [(i.name, i.default) for i in header(text).inputs] == [("k", 0.5)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("void main() {}", "a.fs:1: there is no ISF header"),
        ('\n\n/*{ "A": 1 ', "a.fs:3: the header's comment is not closed"),
        ('/*{\n"A": }*/', "a.fs:2: in the header, a value was expected"),
        ('/*{\n\n"A" 1}*/', "a.fs:3: in the header, ':' was expected after"),
        ("/*{" + '"a":{' * 100_000 + "*/", "nested more than"),
        ("/*" + "{" * 5000 + "*/", "was expected"),
        ('/*{"A": 1e999}*/', "too large"),
        ('/*{"INPUTS": 3}*/', "INPUTS must be a list"),
        ('/*{"INPUTS": [3]}*/', "every entry of INPUTS"),
        ('/*{"INPUTS": [{"NAME": "TIME", "TYPE": "float"}]}*/', "needs a NAME"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "colour"}]}*/a', "allowed: event, bool"),
        ('/*{"INPUTS": [{"NAME":"a","TYPE":"bool"},{"NAME":"a","TYPE":"bool"}]}*/', "two inputs"),
        ('/*{"PASSES": [{"TARGET": "x;y"}]}*/', "no GLSL name"),
        ('/*{"PASSES": [{"TARGET": "x", "WIDTH": "$nobody"}]}*/', "no input of this shader"),
        ('/*{"PASSES": [{"TARGET": "x", "WIDTH": "__import__(\'os\')"}]}*/', "has no value"),
        ("/*{}*/" + " " * 1_000_001, "at most 1000000"),
    ],
)
def test_bad_headers_get_one_sentence_with_the_place(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"a\.fs:") as caught:
        parse(text, "a.fs")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet='{}[]",:\\/*.+-0123456789eENAMTYPEINPUTSfloat \n\t', max_size=300))
def test_no_text_raises_anything_but_a_value_error(text: str) -> None:
    for candidate in (text, "/*{" + text + "}*/", '/*{"INPUTS":[{' + text + "}]}*/"):
        try:
            found = parse(candidate, "a.fs")
        except ValueError as error:
            assert str(error).startswith("a.fs:")  # noqa: PT017 - the message is the subject
        else:
            assert isinstance(found, isf.Header)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "NAME": st.sampled_from(["a", "b", "inputImage"]) | JSON,
        "TYPE": st.sampled_from(TYPES),
        "DEFAULT": JSON, "MIN": JSON, "MAX": JSON, "VALUES": JSON, "LABELS": JSON,
    },
)  # fmt: skip


@given(st.fixed_dictionaries({}, optional={
    "INPUTS": st.lists(ENTRY, max_size=3) | JSON, "PASSES": JSON, "IMPORTED": JSON,
    "PERSISTENT_BUFFERS": JSON,
}))  # fmt: skip
def test_any_table_gives_finite_parameters_or_a_value_error(table: dict[str, object]) -> None:
    try:
        found = header(json.dumps(table))
    except ValueError:
        return
    for parameter in parameters(found):
        assert parameter.low <= parameter.default <= parameter.high
        assert abs(parameter.default) <= 1e9
        assert parameter.low >= -1e9
        assert parameter.high <= 1e9 or parameter.kind is Kind.TRIGGER
        coerce(parameter, parameter.default)
    assert set(uniforms(found, {})) <= {i.name for i in found.inputs}


FLOAT = '"NAME": "a", "TYPE": "float"'


@pytest.mark.parametrize(
    "text",
    [
        f'/** {{"INPUTS": [{{{FLOAT}, "DEFAULT": 0.5f}}]}} **/',
        f'/*{{"INPUTS": [ /* of mine */ {{{FLOAT}; "DEFAULT": NaN}}]}}*/',
        f'/*{{"INPUTS": [{{{FLOAT}}}], // so */ it goes\n"DESCRIPTION": "x */"}}*/',
        f'/*{{"INPUTS": [{{{FLOAT}], "PASSES": [{{}}]}}*/',
        f'/*{{"PASSES": [{{}}], "INPUTS": [{{{FLOAT}*/',
        "/*{\u201cINPUTS\u201d: [{NAME: a, TYPE: float}]}*/",
    ],
)
def test_headers_are_read_as_people_write_them(text: str) -> None:
    found = parse(text + "\nvoid main() {}", "a.fs")
    assert [(i.name, i.type, i.default) for i in found.inputs] == [("a", "float", 0.5)]
    assert found.body.strip() == "void main() {}"


def test_what_is_none_of_isf_is_left_out_and_said_where_nothing_uses_it() -> None:
    inputs = '[{"NAME": "a", "TYPE": "colour"}, {"NAME": "b c", "TYPE": "float"}, {"TYPE": "bool"}]'
    found = parse(f'/*{{"INPUTS": {inputs}}}*/\nvoid main() {{}}', "a.fs")
    assert found.inputs == ()
    assert [line for line, _ in found.notes] == [1, 1, 1]
    assert found.notes[0][1] == "the input 'a' of TYPE 'colour' is none of ISF: left out"


def test_uniforms_that_nobody_sets_are_said() -> None:
    body = """
uniform float time, speed; uniform vec2 RENDERSIZE;
uniform float given = 1.0;  // and of this, unused: uniform float no;
#ifdef SOFT
uniform sampler2D edge;
#endif
uniform vec3 idle;
void main() { gl_FragColor = vec4(time * speed, given, RENDERSIZE); }"""
    found = parse('/*{"INPUTS": [{"NAME": "speed", "TYPE": "float"}]}*/' + body, "a.fs")
    assert found.notes == ((2, "the uniform 'time' is no input of the header: it is 0"),)


def test_what_one_pass_says_of_a_buffer_holds_for_all_that_draw_into_it() -> None:
    first = {"TARGET": "t", "PERSISTENT": True, "FLOAT": 1, "WIDTH": "8", "HEIGHT": 4}
    passes = header(json.dumps({"PASSES": [first, {"TARGET": "t"}, {}]})).passes
    assert passes == (isf.PassSpec("t", True, True, "8", "4"),) * 2 + (isf.PassSpec(),)


def test_inputs_become_parameters() -> None:
    found = with_inputs(
        {"NAME": "k", "TYPE": "float", "MIN": 0, "MAX": 4, "LABEL": "Much", "UNIT": "s"},
        {"NAME": "n", "TYPE": "long", "MIN": -2, "MAX": 5, "DEFAULT": 1.0},
        {"NAME": "c", "TYPE": "long", "VALUES": [3, 7], "LABELS": ["few", "many"], "DEFAULT": 7.0},
        {"NAME": "b", "TYPE": "bool", "DEFAULT": 1.0},
        {"NAME": "e", "TYPE": "event"},
        {"NAME": "p", "TYPE": "point2D", "DEFAULT": [0.2, 0.8]},
        {"NAME": "t", "TYPE": "color", "DEFAULT": [0.1, 0.2, 0.3]},
        {"NAME": "i", "TYPE": "image"},
    )
    listed = {p.address: p for p in parameters(found)}
    assert list(listed) == ["k", "n", "c", "b", "e", "p/x", "p/y", "t/r", "t/g", "t/b", "t/a"]
    assert (listed["k"].default, listed["k"].high, listed["k"].unit) == (2.0, 4.0, "s")
    assert listed["k"].text == "Much"
    assert (listed["n"].kind, listed["n"].default, listed["n"].low) == (Kind.INT, 1.0, -2.0)
    assert (listed["c"].kind, listed["c"].default) == (Kind.CHOICE, 1.0)
    assert listed["c"].choices == ("few", "many")
    assert (listed["b"].kind, listed["b"].default) == (Kind.BOOL, 1.0)
    assert listed["e"].kind is Kind.TRIGGER
    assert listed["t/a"].default == 1.0
    assert groups(found) == {"p": ("p/x", "p/y"), "t": ("t/r", "t/g", "t/b", "t/a")}
    values = uniforms(found, {"k": 3.0, "c": 0.0, "b": 0.0, "p/y": 0.5})
    assert values == {
        "k": 3.0, "n": 1, "c": 3, "b": False, "e": False, "p": (0.2, 0.5), "t": (0.1, 0.2, 0.3, 1.0)
    }  # fmt: skip


def test_one_bound_alone_counts_as_none_and_defaults_are_clamped() -> None:
    a, b, c = with_inputs(
        {"NAME": "a", "TYPE": "float", "MAX": 9},
        {"NAME": "b", "TYPE": "float", "MIN": 0, "MAX": 1, "DEFAULT": 5},
        {"NAME": "c", "TYPE": "float", "MIN": 2, "MAX": 1},
    ).inputs
    assert (a.low, a.default, a.high) == (0.0, 0.5, 1.0)
    assert b.default == 1.0
    assert (c.low, c.high) == (1.0, 2.0)


@pytest.mark.parametrize("large", [1e300, "1e25"])
@pytest.mark.parametrize("kind", ["float", "long", "point2D", "color"])
def test_numbers_out_of_reason_are_brought_into_it_so_that_takes_replay(kind: str, large) -> None:
    number = [large] * 4 if kind in ("point2D", "color") else large
    least = [-1e300] * 4 if isinstance(number, list) else -1e300
    found = with_inputs({"NAME": "k", "TYPE": kind, "MIN": least, "MAX": number, "DEFAULT": number})
    for parameter in parameters(found):
        assert (parameter.low, parameter.default, parameter.high) == (-1e9, 1e9, 1e9)


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        (["inputImage"], "filter"),
        (["startImage", "endImage"], "transition"),
        ([], "generator"),
    ],
)
def test_kinds(inputs: list[str], kind: str) -> None:
    listed = [{"NAME": n, "TYPE": "image"} for n in inputs]
    assert with_inputs(*listed, {"NAME": "progress", "TYPE": "float"}).kind == kind


def test_version_1_buffers() -> None:
    found = header('{"PERSISTENT_BUFFERS": {"m": {"WIDTH": 8}}, "PASSES": [{"TARGET": "m"}, {}]}')
    assert found.version == 1
    assert found.passes[0] == isf.PassSpec("m", True, False, "8", "")
    assert has_history(header('{"PERSISTENT_BUFFERS": ["m"], "PASSES": [{"TARGET": "m"}]}'))
    assert not has_history(header('{"PASSES": [{"TARGET": "m"}, {}]}'))


def test_the_body_keeps_its_line_numbers() -> None:
    text = '/*{\n"ISFVSN": "2"\n}*/\n\nvoid main() {}\n'
    found = parse(text, "a.fs")
    lines = found.body.split("\n")
    assert text.split("\n").index("void main() {}") + 1 == found.body_line + lines.index(
        "void main() {}"
    )
    above = parse("#define A 1\n" + text, "a.fs")
    assert above.body_line == 1
    assert above.body.split("\n").index("void main() {}") == 5
    assert above.body.startswith("#define A 1")


def test_files_are_decoded() -> None:
    assert decode("\ufeffé".encode(), "a.fs") == "é"
    assert decode(b"\xe9", "a.fs") == "é"
    with pytest.raises(ValueError, match=r"a\.fs: 1000001 bytes"):
        decode(bytes(1_000_001), "a.fs")


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        ("64", 64), ("$WIDTH / 2", 320), ("floor($WIDTH/2.0)", 320), ("max($HEIGHT - 400, 1)", 1),
        ("$WIDTH*$scale", 160), ("-5", 1), ("2^3^1 + 10 % 4", 10), ("-2^2 + 10", 6),
        ("pow(2, 5)", 32), ("min(3, max(1, 2))", 2), ("round(2.6)", 3), ("1e9", 16384),
        ("2*(3+4)", 14),
        ("WIDTH", 640), ("ceil(.2) + abs(-3) + sqrt(16)", 8), ("cos(0)*7", 7), ("sin(0) + 2", 2),
    ],
)  # fmt: skip
def test_sizes(expression: str, size: int) -> None:
    assert evaluate_size(expression, {"WIDTH": 640, "HEIGHT": 360, "scale": 0.25}) == size


@pytest.mark.parametrize(
    "expression",
    [
        "", "1 +", "(1", "1)", "$a", "1/0", "sqrt(-1)", "10^10^10^10", "pow(1)", "floor 3",
        "(" * 500 + "1" + ")" * 500, "-" * 900 + "1", "1+" * 499 + "1", "1" * 2000,
        "a.b", "x[0]", "lambda: 1", "0^-1", "-1^0.5 / 0",
    ],
)  # fmt: skip
def test_sizes_without_a_value(expression: str) -> None:
    with pytest.raises(ValueError, match="has no value"):
        evaluate_size(expression, {})


@given(st.text(alphabet="0123456789.+-*/%^(),$ WIDTHsqrtfloorpowminmax", max_size=80))
def test_no_size_raises_anything_but_a_value_error(expression: str) -> None:
    try:
        assert 1 <= evaluate_size(expression, {"WIDTH": 640.0}) <= 16384
    except ValueError as error:
        assert "has no value" in str(error)  # noqa: PT017 - the message is the subject


def test_comments_and_quotes_of_other_languages_are_read() -> None:
    found = parse(
        """/* made by somebody, 2019 */
/*{
  "ISFVSN": "2", # hash comment, "with quotes"
  'INPUTS': [ { 'NAME': "it's", NAME: 'k', "TYPE": 'float' } ]
}*/"""
        + BODY,
        "a.fs",
    )
    assert [item.name for item in found.inputs] == ["k"]


def test_every_type_is_read_and_int_is_a_long() -> None:
    kinds = ("int", "LONG", *TYPES)
    found = with_inputs(*({"NAME": f"n{i}", "TYPE": kind} for i, kind in enumerate(kinds)))
    assert [item.type for item in found.inputs] == ["long", "long", *TYPES]


def test_values_that_are_words_are_choices_by_their_places() -> None:
    found = with_inputs(
        {"NAME": "a", "TYPE": "long", "VALUES": ["sun", "moon"], "DEFAULT": "moon"},
        {"NAME": "b", "TYPE": "long", "VALUES": ["10", "20"], "DEFAULT": 20},
        {"NAME": "c", "TYPE": "long", "VALUES": [4, 7], "LABELS": ["x", "y"], "DEFAULT": "y"},
    )
    a, b, c = found.inputs
    assert (a.values, a.labels, a.default) == ((0, 1), ("sun", "moon"), 1.0)
    assert (b.values, b.default) == ((10, 20), 20.0)
    assert (c.values, c.labels, c.default) == ((4, 7), ("x", "y"), 7.0)
    assert uniforms(found, {})["a"] == 1


def test_sounds_say_how_many_columns_they_want() -> None:
    found = with_inputs(
        {"NAME": "a", "TYPE": "audio"},
        {"NAME": "b", "TYPE": "audioFFT", "MAX": 64},
        {"NAME": "c", "TYPE": "audio", "MAX": 1e9},
    )
    assert [item.high for item in found.inputs] == [0.0, 64.0, 4096.0]


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"caf\xe9", "café"), ("ä".encode(), "ä"), (b"\xef\xbb\xbfx", "x"),
     ("ä".encode("utf-16"), "ä"), (b"\xfe\xff" + "ä".encode("utf-16-be"), "ä")],
)  # fmt: skip
def test_text_of_every_kind_is_read(data: bytes, text: str) -> None:
    assert decode(data, "a.fs").removeprefix("\ufeff") == text
