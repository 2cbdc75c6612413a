"""ISF shader headers (Interactive Shader Format v2): read, describe, turn into parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.core.isf.buffers import Imported, PassSpec, read_imported, read_passes
from engine.core.isf.dialects import as_isf, lacking
from engine.core.isf.inputs import IMAGES, Input, is_known, read_inputs, tables
from engine.core.isf.lenient_json import Json, read
from engine.core.isf.size import evaluate_size
from engine.core.isf.source import LARGEST_BYTES, SURFACE, bare, decode, foreign, split, unfed
from engine.core.isf.surfaces import on_surface
from engine.core.parameter import Kind, Parameter

__all__ = [
    "LARGEST_BYTES", "Header", "Input", "PassSpec", "decode", "evaluate_size", "groups",
    "has_history", "parameters", "parse", "reads_date", "uniform", "uniforms",
]  # fmt: skip

LONGEST_LABEL = 24
_PARTS = {"point2D": ("x", "y"), "color": ("r", "g", "b", "a")}
Uniform = bool | int | float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a shader says about itself, and its GLSL.

    Parameters
    ----------
    kind
        ``filter`` (has ``inputImage``), ``transition`` or ``generator``.
    imported
        Pictures that the file asks for.
    body, body_line
        The GLSL without the header, and the 1-based line of the file on which it begins.
    vertex, vertex_name
        The vertex shader and the name of its file, or "".
    prelude
        GLSL that stands above the body and the vertex shader.
    notes
        What of it this host cannot do: (line, sentence).
    """

    description: str
    credit: str
    categories: tuple[str, ...]
    inputs: tuple[Input, ...]
    passes: tuple[PassSpec, ...]
    kind: str
    body: str
    body_line: int
    version: int = 2
    imported: tuple[Imported, ...] = ()
    vertex: str = ""
    vertex_name: str = ""
    prelude: str = ""
    notes: tuple[tuple[int, str], ...] = ()


def parse(text: str, name: str) -> Header:
    """Read a shader's header.

    Parameters
    ----------
    text
        The whole file.
    name
        What to call it in messages.

    Raises
    ------
    ValueError
        ``NAME:LINE: what is wrong``.

    References
    ----------
    ISF specification v2; defaults as in VVISF (ISFDoc.cpp).
    """
    if len(text) > LARGEST_BYTES:
        raise ValueError(f"{name}: {len(text)} characters, a shader has at most {LARGEST_BYTES}")
    text, vertex, vertex_name = split(text)
    try:
        text = as_isf(text)
    except ValueError as error:
        raise ValueError(f"{name}:{error}") from None
    table, start, end = _find_header(text, name)
    line = text.count("\n", 0, start) + 1
    words = set(re.findall(r"\w+", bare(text[:start] + text[end:] + vertex)))
    try:
        inputs = read_inputs(table, words)
        passes = read_passes(table, inputs)
        imported = read_imported(table)
    except ValueError as error:
        raise ValueError(f"{name}:{line}: in the header, {error}") from None
    before, body = text[:start], text[end:]
    body_line = text.count("\n", 0, end) + 1
    if before.strip():  # code or comments above the header: keep them, and every line in its place
        body, body_line = before + "\n" * text.count("\n", start, end) + body, 1
    body, vertex, prelude = on_surface(body, vertex, table)
    names = _names(inputs, passes, imported)
    prelude = "\n".join((prelude, *lacking(bare(body), names)))
    return Header(
        description=_text(table.get("DESCRIPTION")),
        credit=_text(table.get("CREDIT")),
        categories=_texts(table.get("CATEGORIES")),
        inputs=inputs,
        passes=passes,
        kind=_kind(inputs),
        body=body,
        body_line=body_line,
        version=2 if "ISFVSN" in table else 1,
        imported=imported,
        vertex=vertex,
        vertex_name=vertex_name,
        prelude=prelude,
        notes=(
            *_left_out(table, words, line),
            *_foreign((body, body_line), {"", *names}),
            *_unfed((body, body_line), vertex, (name, vertex_name)),
        ),
    )


def _names(
    inputs: tuple[Input, ...], passes: tuple[PassSpec, ...], imported: tuple[Imported, ...]
) -> list[str]:
    return [*(i.name for i in inputs), *(i.name for i in imported), *(p.target for p in passes)]


def _left_out(table: Mapping[str, Json], words: set[str], line: int) -> Iterator[tuple[int, str]]:
    for entry in tables(table, "INPUTS"):
        if not is_known(entry, words):
            name, kind = _text(entry.get("NAME")), _text(entry.get("TYPE"))
            yield line, f"the input '{name:.40}' of TYPE '{kind:.40}' is none of ISF: left out"


def _foreign(text: tuple[str, int], names: set[str]) -> Iterator[tuple[int, str]]:
    """Say which uniforms a shader declares that nobody sets."""
    for place, name in foreign(*text):
        if name not in names:
            yield place, f"the uniform '{name}' is no input of the header: it is 0"


def _unfed(
    text: tuple[str, int], vertex: str, names: tuple[str, str]
) -> tuple[tuple[int, str], ...]:
    """Say which values a shader takes from a vertex shader that does not give them."""
    file, given_by = names
    missing = f"there is no {file.rpartition('/')[2].removesuffix('.fs')}.vs"
    why = f"{given_by} has no such value" if vertex else missing
    return tuple(
        (each.line, f"'{each.name}' comes from a vertex shader, and {why}: it is 0")
        for each in unfed(*text, vertex)
        if each.name != SURFACE
    )


def has_history(header: Header) -> bool:
    """Whether the shader remembers: its layer is drawn on picture steps only."""
    return any(item.persistent for item in header.passes)


def reads_date(header: Header) -> bool:
    """Whether the shader shows the date or the time of day."""
    return bool(re.search(r"\bDATE\b", bare(header.body) + bare(header.vertex)))


def parameters(header: Header) -> list[Parameter]:
    """Parameters of a shader, with short addresses (``amount``, ``centre/x``, ``tint/r``)."""
    found: list[Parameter] = []
    for item in header.inputs:
        if item.type not in IMAGES:
            found.extend(_parameters_of(item))
    return found


def groups(header: Header) -> dict[str, tuple[str, ...]]:
    """Vector address → addresses of its components, for points and colours."""
    return {
        item.name: tuple(f"{item.name}/{part}" for part in _PARTS[item.type])
        for item in header.inputs
        if item.type in _PARTS
    }


def uniform(item: Input, stored: Sequence[float]) -> Uniform:
    """GLSL value of one input from the stored values of its parameters, in order.

    A trigger's stored value counts how often it fired; what arrives here is 1 for the picture step
    in which it fired and 0 otherwise.
    """
    if item.type in _PARTS:
        return tuple(stored)
    if item.type in ("bool", "event"):
        return bool(stored[0])
    if item.type == "long":
        place = int(stored[0])
        return item.values[min(max(place, 0), len(item.values) - 1)] if item.values else place
    return float(stored[0])


def uniforms(header: Header, stored: Mapping[str, float]) -> dict[str, Uniform]:
    """GLSL values of all inputs; short addresses that are missing in `stored` take defaults."""
    values: dict[str, Uniform] = {}
    for item in header.inputs:
        if item.type not in IMAGES:
            own = _parameters_of(item)
            values[item.name] = uniform(item, [stored.get(p.address, p.default) for p in own])
    return values


def _parameters_of(item: Input) -> list[Parameter]:
    text = item.label or item.name
    label = item.label if len(item.label) <= LONGEST_LABEL else ""
    if item.type in _PARTS:
        assert isinstance(item.default, tuple)
        assert isinstance(item.low, tuple)
        assert isinstance(item.high, tuple)
        ranges = zip(_PARTS[item.type], item.default, item.low, item.high, strict=True)
        return [
            Parameter(f"{item.name}/{part}", Kind.FLOAT, default, low, high, unit=item.unit,
                      text=f"{text}, {part}", label=label and f"{label} {part}")
            for part, default, low, high in ranges
        ]  # fmt: skip
    assert isinstance(item.default, float)
    assert isinstance(item.low, float)
    assert isinstance(item.high, float)
    if item.values:
        place = item.values.index(int(item.default)) if int(item.default) in item.values else 0
        last = float(len(item.values) - 1)
        return [
            Parameter(
                item.name, Kind.CHOICE, float(place), 0.0, last, item.labels, text=text, label=label
            )
        ]
    kinds = {"long": Kind.INT, "bool": Kind.BOOL, "event": Kind.TRIGGER}
    kind = kinds.get(item.type, Kind.FLOAT)
    high = math.inf if kind is Kind.TRIGGER else item.high
    return [
        Parameter(
            item.name, kind, item.default, item.low, high, unit=item.unit, text=text, label=label
        )
    ]


def _find_header(text: str, name: str) -> tuple[dict[str, Json], int, int]:
    """Table, start and end of the first block comment that opens with a brace."""
    match = re.search(r"/\*[*!\s\u00a0\ufeff]*\{", text)
    if match is None:
        raise ValueError(f"{name}:1: there is no ISF header: begin the file with /*{{ … }}*/")
    first_line = text.count("\n", 0, match.end()) + 1
    problem = f"{first_line}: the header's comment is not closed with */"
    begin = end = match.end() - 1
    ends = []
    for _ in range(8):  # a '*/' inside a string ends the comment too early: try the next one
        end = text.find("*/", end) + 2
        if end < 2:
            break
        ends.append(end)
    for end, may_be_open in [
        *((each, False) for each in ends),
        *((each, True) for each in ends[:1]),
    ]:
        try:
            table = read(text[begin : end - 2].rstrip("*"), may_be_open)
        except ValueError as error:
            line, _, what = str(error).partition(": ")
            problem = f"{first_line + int(line) - 1}: in the header, {what}"
            continue
        assert isinstance(table, dict)
        return table, match.start(), end
    raise ValueError(f"{name}:{problem}")


def _kind(inputs: tuple[Input, ...]) -> str:
    names = {item.name: item.type for item in inputs}
    if names.get("inputImage") == "image":
        return "filter"
    if {"startImage", "endImage", "progress"} <= names.keys():
        return "transition"
    return "generator"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
