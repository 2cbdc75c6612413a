"""GL programs: linked once, with uniforms that are sent only when they change."""

from __future__ import annotations

import re
from typing import Any

import moderngl

from engine.compositor.gl.context import is_software
from engine.compositor.gl.shaders import STRAIGHT_IF

# Beyond any line of a 1 MB file; Mesa drops the source string number of #line.
OUR_LINES = 1_500_000


VERTEX = """#version 330
out vec2 isf_FragNormCoord;
void main() {
    isf_FragNormCoord = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    gl_Position = vec4(isf_FragNormCoord * 2.0 - 1.0, 0.0, 1.0);
}
"""


# The last unit stays free (moderngl binds temporaries there); GL 3.3 promises 16.
MOST_SAMPLERS = 15
_SAMPLERS = {0x8B5E, 0x8B60}  # two-dimensional, cube


class ShaderError(Exception):
    """A shader that does not compile, link or read.

    Parameters
    ----------
    file, line
        Where, with the author's own line numbers; line 0 where it is not known.
    message
        What is wrong.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


class _Linked:
    """A linked program and its full-screen quad."""

    def __init__(self, ctx: moderngl.Context, fragment: str, vertex: str) -> None:
        self.program = ctx.program(vertex_shader=vertex, fragment_shader=fragment)
        self.quad = ctx.vertex_array(self.program, [])
        self.uniforms: dict[str, Any] = {}
        self.units: dict[str, int] = {}
        for name in self.program:
            member: Any = self.program[name]
            kind = getattr(member, "gl_type", 0)  # attributes have none
            if kind in _SAMPLERS:
                self.units[name] = member.value = len(self.units)
            elif kind:
                self.uniforms[name] = member


class Program:
    """A program and its full-screen quad.

    Without a GPU there is one for each way of blending, since of what Mesa keeps on disk it finds
    only the first way of a program again; and one without `ENDING`, whose branch would be paid for.
    """

    def __init__(self, ctx: moderngl.Context, fragment: str, vertex: str = VERTEX) -> None:
        self._ctx = ctx
        self._texts = fragment, vertex
        self._is_software = is_software(ctx)
        plain = fragment.replace(STRAIGHT_IF, "") if self._is_software else fragment
        self._ends = plain != fragment  # whether there is another one that ends as light
        self._linked = [_Linked(ctx, plain, vertex)]
        self._ways: dict[tuple[tuple[int, int] | None, bool], _Linked] = {}
        self.units = self._linked[0].units
        self._sent: dict[str, object] = {}

    def send(self, name: str, value: object) -> None:
        """Set a uniform; one that the compiler dropped is ignored."""
        if self._sent.get(name) == value:
            return
        self._sent[name] = value
        for each in self._linked:
            if name in each.uniforms:
                each.uniforms[name].value = value

    def reads(self, name: str) -> bool:
        """Whether anything of this name is left in the program."""
        return name in self._linked[0].uniforms or name in self.units

    def bind(self, name: str, texture: moderngl.Texture | moderngl.TextureCube) -> None:
        """Bind a texture to a sampler; one that the compiler dropped is ignored."""
        unit = self.units.get(name)
        if unit is not None:
            texture.use(unit)

    def draw(
        self,
        target: moderngl.Framebuffer,
        area: tuple[int, int, int, int] | None = None,
        blend: tuple[int, int] | None = None,
    ) -> None:
        """Draw the quad over the whole of `target`, or a part, blended with these factors."""
        target.use()
        if area is not None:
            self._ctx.viewport = area
        if blend is not None:
            self._ctx.enable(moderngl.BLEND)
            self._ctx.blend_func = blend
        way = blend, self._ends and self._sent.get("host_most", 0.0) != 0.0
        linked = self._ways.get(way) or self._link(*way)
        linked.quad.render(moderngl.TRIANGLE_STRIP, 4)
        if blend is not None:
            self._ctx.disable(moderngl.BLEND)
        if area is not None:
            self._ctx.viewport = (0, 0, *target.size)

    def release(self) -> None:
        """Give the GL objects back."""
        for each in self._linked:
            each.quad.release()
            each.program.release()

    def _link(self, blend: tuple[int, int] | None, is_light: bool) -> _Linked:
        """Have a program for a way of drawing that is new."""
        linked = self._linked[0]
        if self._is_software and (is_light or self._ways):
            fragment, vertex = self._texts
            text = fragment.replace(STRAIGHT_IF, "if (false) " if is_light else "")
            linked = _Linked(self._ctx, text, vertex)
            for name in linked.uniforms.keys() & self._sent.keys():
                linked.uniforms[name].value = self._sent[name]
            for name in linked.units.keys() & self.units.keys():
                member: Any = linked.program[name]
                member.value = self.units[name]
            self._linked.append(linked)
        self._ways[blend, is_light] = linked
        return linked


_ERROR_FORMS = tuple(
    re.compile(form)
    for form in (
        r"^\d+:(?P<line>\d+)\(\d+\): (?:\w+ )?error: (?P<what>.*)",  # Mesa
        r"^\d+\((?P<line>\d+)\) : error \w+: (?P<what>.*)",  # NVIDIA
        r"^ERROR: \d+:(?P<line>\d+): (?P<what>.*)",  # Apple, AMD, Intel
    )
)


def read_error(file: str, log: str) -> ShaderError:
    """Find the first error of a GL compiler's log that lies in the author's text."""
    anywhere = ""
    for text in log.splitlines():
        for form in _ERROR_FORMS:
            match = form.match(text.strip())
            if match and int(match["line"]) < OUR_LINES:
                return ShaderError(file, int(match["line"]), match["what"].strip())
            if match:
                anywhere = anywhere or match["what"].strip()
    words = anywhere or " ".join(log.replace("=", " ").split())
    return ShaderError(file, 0, words[:500] or "the compiler refused it without a word")
