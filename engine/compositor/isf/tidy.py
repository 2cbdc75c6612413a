"""Tidying of an author's GLSL: what ISF declares itself, what other compilers let pass."""

from __future__ import annotations

import re
from collections.abc import Iterable

AUTOMATIC = (
    "RENDERSIZE", "TIME", "TIMEDELTA", "DATE", "PASSINDEX", "FRAMEINDEX", "isf_FragNormCoord",
    "vv_FragNormCoord", "isf_FragCoord",
)  # fmt: skip
_OUTPUT = re.compile(r"^[ \t]*(?:layout\s*\([^)\n]*\)\s*)?out\s+vec4\s+(\w+)\s*;", re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_DATA = re.compile(r"\bgl_FragData\s*\[\s*0\s*\]")
_DECLARED = re.compile(
    r"(\b(?:uniform|varying|in|out)\s+(?:(?:lowp|mediump|highp)\s+)?\w+)"
    r"\s+(\w[\w\s,\[\]]{0,400});"
)
_BLANKS = dict.fromkeys(
    (0, 0x1A, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF), " "
)
_BLANKS |= dict.fromkeys(range(0x2000, 0x2010), " ")
_JOIN = re.compile(r"\\[ \t]+$", re.MULTILINE)
_JOINED = re.compile(r"^.*\\$", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*#include\b", re.MULTILINE)


def tidied(body: str, names: Iterable[str]) -> str:
    """Drop declarations that ISF makes itself; escape `#include`, which moderngl would expand.

    Blanks of other alphabets become spaces, and neither blanks after a backslash nor one at the end
    of a comment joins or parts lines.

    Parameters
    ----------
    names
        Of inputs, targets and imported images.
    """
    known = {*AUTOMATIC, *names}

    def without_known(found: re.Match[str]) -> str:
        left = [n for n in found[2].split(",") if n.partition("[")[0].strip() not in known]
        if len(left) == found[2].count(",") + 1:
            return found[0]
        lines = "\n" * found[0].count("\n")
        return f"{found[1]} {','.join(left)};{lines}" if left else lines

    def parted(found: re.Match[str]) -> str:
        line = found[0]
        is_comment = "//" in line and not line.lstrip().startswith("#")
        return line.rstrip("\\") if is_comment else line

    body = _JOINED.sub(parted, _JOIN.sub("\\\\", body.translate(_BLANKS)))
    body = _DECLARED.sub(without_known, body)
    return _INCLUDE.sub("#error include is not part of ISF:", body)


def with_own_output(body: str) -> tuple[list[str], str]:
    """Let an output that the author declares be ours: macros, and the body without it."""
    names = dict.fromkeys(_OUTPUT.findall(body))
    body = _DATA.sub("gl_FragColor", _OUTPUT.sub("", body))
    return [f"#define {name} isf_FragColor" for name in names], body


def with_new_meanings(body: str, line: int, before: str) -> str:
    """Let a macro be defined again, which some compilers refuse; lines keep their numbers.

    Parameters
    ----------
    line
        Of the body's first line.
    before
        Text that stands above it.
    """
    known = {name for name in _DEFINE.findall(before) if not name.startswith("gl_")}

    def undefined(found: re.Match[str]) -> str:
        name = found[1]
        if name not in known:
            known.add(name)
            return found[0]
        number = line + body.count("\n", 0, found.start())
        return f"#undef {name}\n#line {number}\n{found[0]}"

    return _DEFINE.sub(undefined, body)
