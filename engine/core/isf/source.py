"""The text of a shader: its fragment shader and, below one line, its vertex shader.

On disk they are two files, ``NAME.fs`` and ``NAME.vs``. Everywhere else a shader is one text, so
that shows, takes and warming processes carry both or none. A file may hold both, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

LARGEST_BYTES = 1_000_000
_MARK = re.compile(r"^//@ vertex shader[ \t]+(\S[^\n]*)\n", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_VARYING = re.compile(
    r"^[ \t]*(?:varying|in)\s+(?:(?:lowp|mediump|highp)\s+)?(float|[iu]?vec[234]|mat[234]|int)\s+"
    r"(\w+(?:\s*\[[^\]]*\])?(?:\s*,\s*\w+(?:\s*\[[^\]]*\])?)*)\s*;",
    re.MULTILINE,
)
_UNIFORM = re.compile(
    r"#[ \t]*(if|endif)|\buniform\s+(?:(?:lowp|mediump|highp)\s+)?\w+\s+(\w[\w\s,\[\]]{0,400});"
)
SURFACE = "surfacePosition"
"""What GLSL Sandbox hands over: the place from the middle, in heights of the picture."""
_OURS = {
    "isf_FragNormCoord", "vv_FragNormCoord", "isf_FragCoord", "PASSINDEX", "RENDERSIZE", "TIME",
    "TIMEDELTA", "DATE", "FRAMEINDEX",
}  # fmt: skip


class Varying(NamedTuple):
    """A value that a fragment shader takes from a vertex shader, and the line that declares it."""

    type: str
    name: str
    size: str
    line: int


def decode(data: bytes, name: str) -> str:
    """Text of a shader file: what its byte order mark says, UTF-8, else Latin-1.

    Raises
    ------
    ValueError
        If the file is larger than 1 MB.
    """
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"{name}: {len(data)} bytes, a shader has at most {LARGEST_BYTES}")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def join(fragment: str, vertex: str, name: str) -> str:
    """One text of two; `name` is the vertex shader's file, for messages."""
    return f"{fragment.rstrip()}\n//@ vertex shader {name}\n{vertex}"


def split(text: str) -> tuple[str, str, str]:
    """Fragment shader, vertex shader and the name of its file; both "" where there is none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    mark = _MARK.search(text)
    if mark is None:
        return text, "", ""
    return text[: mark.start()], text[mark.end() :], mark[1].strip()


def blank(text: str | re.Match[str]) -> str:
    """As many spaces, in as many lines."""
    return re.sub(r"[^\n]", " ", text if isinstance(text, str) else text[0])


def bare(code: str) -> str:
    """Code with its comments blanked; every letter stays in its place."""
    return _COMMENT.sub(blank, code)


def varyings(body: str, first_line: int = 1) -> tuple[Varying, ...]:
    """Values that a fragment shader takes from a vertex shader of its own, and uses."""
    code = bare(body)
    found: dict[str, Varying] = {}
    for match in _VARYING.finditer(code):
        for each in match[2].split(","):
            name, _, size = each.strip().partition("[")
            name = name.strip()
            line = first_line + code.count("\n", 0, match.start(1))
            if name not in _OURS:
                found.setdefault(name, Varying(match[1], name, size.rstrip("] "), line))
    used = re.findall(r"\w+", _VARYING.sub("", code))
    return tuple(each for name, each in found.items() if name in used)


def unfed(body: str, first_line: int, vertex: str) -> tuple[Varying, ...]:
    """Values that a fragment shader takes, and that its vertex shader, if any, does not give."""
    given = set(re.findall(r"\w+", bare(vertex)))
    return tuple(each for each in varyings(body, first_line) if each.name not in given)


def foreign(body: str, first_line: int) -> Iterator[tuple[int, str]]:
    """Uniforms that a fragment shader declares itself, without a value, and uses: line and name.

    What stands under a condition of the preprocessor is left out: it may never be compiled.
    """
    code = bare(body)
    uses = Counter(re.findall(r"\w+", code))
    depth = 0
    for match in _UNIFORM.finditer(code):
        depth += {"if": 1, "endif": -1}.get(match[1], 0)
        for name in re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)?(?:,|$)", match[2] or ""):
            if depth == 0 and name not in _OURS and uses[name] > 1:
                yield first_line + code.count("\n", 0, match.start(2)), name
