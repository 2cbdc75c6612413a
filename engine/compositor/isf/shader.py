"""Compiled ISF shader: its header and its GL programs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import moderngl

from engine.compositor.gl.program import MOST_SAMPLERS, Program, ShaderError, read_error
from engine.compositor.isf.mend import uniform_name
from engine.compositor.isf.translate import translate, translate_vertex
from engine.core.isf.header import Header, Uniform, has_history, parse, uniforms
from engine.core.isf.inputs import IMAGES, SOUNDS

_RUNGS = (0, 1, 2)
# With the pass a constant, a compiler leaves out what other passes do. Without a GPU every branch
# is paid for, so that each of three passes would cost as much as all three.
_MOST_PROGRAMS = 8


@dataclass(frozen=True, slots=True)
class Shader:
    """A compiled shader.

    Parameters
    ----------
    name
        What the show calls it.
    programs
        One for each pass (a shader of very many passes shares one).
    names
        Input, target or imported image → its name in the program.
    types
        Input name → ISF type, images left out.
    defaults
        Input name → GLSL value.
    cubes
        Inputs and imported images that are cubes.
    sounds
        Inputs that see the sound: name, ISF type, columns wanted (0: any).
    in_place
        Images of which it reads nothing but the pixel that it draws.
    """

    name: str
    header: Header
    programs: tuple[Program, ...]
    names: dict[str, str]
    types: dict[str, str]
    defaults: dict[str, Uniform]
    is_stepped: bool
    cubes: frozenset[str] = frozenset()
    sounds: tuple[tuple[str, str, int], ...] = ()
    in_place: frozenset[str] = frozenset()


def file_name(name: str) -> str:
    """Name of a shader's file, for messages."""
    return name if name.endswith(".fs") else f"{name}.fs"


def compile_shader(ctx: moderngl.Context, name: str, text: str, is_raw: bool = False) -> Shader:
    """Parse, translate, compile and link.

    A file that its author wrote for another compiler is tried again, mended and in a later GLSL.
    The error that is reported is what mending leaves, if it has a line, or the first one.

    Raises
    ------
    ShaderError
        With the author's own line numbers.
    """
    file = file_name(name)
    try:
        header = parse(text, file)
    except ValueError as error:
        place, _, message = str(error).removeprefix(f"{file}:").partition(": ")
        line = int(place) if place.isdigit() else 0
        raise ShaderError(file, line, message if line else str(error)) from None
    errors: list[ShaderError] = []
    for rung in _RUNGS:
        try:
            programs = _link(ctx, header, rung, is_raw)
        except moderngl.Error as error:
            errors.append(_error_of(file, header, str(error)))
            continue
        if any(len(program.units) > MOST_SAMPLERS for program in programs):
            raise ShaderError(file, 0, f"uses more than {MOST_SAMPLERS} images")
        return _shader(name, header, programs, rung)
    found = errors[1 if errors[1].line else 0]
    if not found.line and found.file == file and "syntax error" in found.message:
        # It lies in ours, behind the author's text: that ended too early, as when it is saved half.
        message = f"{found.message}; the file ends before the shader does"
        raise ShaderError(file, len(text.splitlines()), message)
    raise found


def _link(ctx: moderngl.Context, header: Header, rung: int, is_raw: bool) -> tuple[Program, ...]:
    def program(index: int | None = None) -> Program:
        vertex = translate_vertex(header, rung, index)
        return Program(ctx, translate(header, rung, is_raw, index), vertex)

    count = len(header.passes)
    if count == 1 or count > _MOST_PROGRAMS:
        return (program(),) * count
    return tuple(program(index) for index in range(count))


def _error_of(file: str, header: Header, log: str) -> ShaderError:
    """Find the first error, in whichever of the two files it is."""
    is_vertex = bool(header.vertex) and "\nvertex_shader\n" in log
    error = read_error(header.vertex_name if is_vertex else file, log)
    called = {name.lower(): name for name in _names(header)}
    lacking = re.match(r"[`'](\w+)' undeclared", error.message)
    if lacking is None or lacking[1].lower() not in called:
        return error
    message = f"{error.message}; the header calls it '{called[lacking[1].lower()]}'"
    return ShaderError(error.file, error.line, message)


def _names(header: Header) -> list[str]:
    """What a header declares: inputs, buffers, pictures."""
    listed = [item.name for item in header.inputs] + [p.target for p in header.passes if p.target]
    return listed + [each.name for each in header.imported]


def _read_in_place(header: Header) -> frozenset[str]:
    """Images of which a shader reads nothing but the pixel that it draws."""
    if header.vertex:  # its author may move the coordinates
        return frozenset()
    names = {item.name for item in header.inputs if item.type == "image"}
    names |= {item.target for item in header.passes if item.target}
    return frozenset(
        name
        for name in names
        if len(re.findall(rf"\b{name}\b", header.body))
        == len(re.findall(rf"\bIMG_THIS(?:_NORM)?_PIXEL\s*\(\s*{name}\s*\)", header.body))
    )


def release_shader(shader: Shader) -> None:
    """Give the GL objects back."""
    for program in set(shader.programs):
        program.release()


def _shader(name: str, header: Header, programs: tuple[Program, ...], rung: int) -> Shader:
    cubes = [item.name for item in header.inputs if item.type == "cube"]
    sounds = [item for item in header.inputs if item.type in SOUNDS]
    return Shader(
        name,
        header,
        programs,
        {name: uniform_name(name, rung) for name in _names(header)},
        {item.name: item.type for item in header.inputs if item.type not in IMAGES},
        uniforms(header, {}),
        has_history(header),
        frozenset([*cubes, *(each.name for each in header.imported if each.is_cube)]),
        tuple((i.name, i.type, int(i.high)) for i in sounds),  # type: ignore[arg-type]
        _read_in_place(header),
    )


def coerce_uniform(kind: str, value: Uniform) -> Uniform:
    """Turn a plan's value into what GL expects for an ISF type: a colour may have three parts."""
    if kind in ("bool", "event"):
        return bool(value)
    if isinstance(value, tuple):
        if kind == "color" and len(value) == 3:
            return (*value, 1.0)
        return value
    return int(value) if kind == "long" else float(value)
