"""Mending of GLSL that a compiler refused: what earlier versions and converters let pass.

Only what keeps its meaning: names that are reserved words by now, one definition that stands twice
(converters write what Shadertoy's tabs share once for each of them), a mouse of four numbers, what
is called a constant and is made of inputs, a variable that has the name of a function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.compositor.isf.tidy import AUTOMATIC
from engine.core.isf.source import bare, blank

# No shader of ours or of any version up to 4.50 has another use for these...
_RESERVED = (
    "smooth|sample|buffer|filter|active|common|input|output|half|fixed|partition|superp|noise|patch"
    "|coherent|shared|resource|subroutine|precise|cast|template|this|packed|using|sizeof|union|long"
    "|short|unsigned|static|public|extern|external|interface|class|enum|typedef|goto|inline|asm"
    "|noinline|volatile|namespace|[hf]vec[234]|[iu]?image(?:[123]D|Cube|Buffer|2DRect)"
)
# ... but for these, so that they are names only where they are declared as such.
_WORDS = "flat|noperspective|layout|case|switch|default|uint|uvec[234]|double|d(?:vec|mat)[234]"
_DECLARED = re.compile(
    r"\b(?:float|int|bool|[bi]?vec[234]|mat[234]|void|sampler2D)\s+"
    rf"(?:\w+\s*(?:=[^;(),]*)?,\s*)*({_WORDS})\b"
)
_NAME = re.compile(rf"\b(?:{_RESERVED})\b(?!\s+(?:in|out)\b)")
_UNIT = re.compile(r"[^;{}]*(?:;|(\{))")
_BRACE = re.compile(r"[{}]")
_FUNCTIONS = (  # of GLSL: an input that is called as one of these hides it
    "abs|acos|all|any|asin|atan|ceil|clamp|cos|cross|degrees|distance|dot|exp2?|floor|fract|length"
    "|log2?|max|min|mix|mod|normalize|not|pow|radians|reflect|refract|round|sign|sin|smoothstep"
    "|sqrt|step|tan|texture|trunc"
)
_CALL = re.compile(r"(?<![.\w])(\w+)\s*\(")
_OTHER = re.compile(  # what stands before a bracket and is no function
    r"if|else|do|for|while|switch|return|case|layout|(?:float|int|uint|bool|[biud]?vec[234]|d?mat\w+)"
)
_FIELD = re.compile(r"\.\s*(?![xyzw]{1,4}\b|[rgba]{1,4}\b|[stpq]{1,4}\b)(\w+)")
_NAMED = re.compile(r"\bstruct\s+(\w+)|#[ \t]*define[ \t]+(\w+)")
_MOUSE = re.compile(r"\biMouse\b(?!\s*\.\s*[xyrgst]+\b)")


_CONSTANT = re.compile(r"\bconst\s+(\w+\s+(\w+)\s*(?:\[[^\]]*\]\s*)?=([^;]{0,2000});)")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(.*)$", re.MULTILINE)


def mended(body: str, changing: Iterable[str]) -> str:
    """Mend a body; every line stays in its place.

    Parameters
    ----------
    changing
        Names of what is no constant.
    """
    own = {*changing}
    body = _without_constants(body, own | {*AUTOMATIC})
    if hiding := _hiding(body, own):
        body = re.sub(rf"(?<![.\w])({'|'.join(hiding)})\b(?!\s*\()", r"\1_", body)
    if words := {*_DECLARED.findall(bare(body))}:
        body = re.sub(rf"\b({'|'.join(words)})\b(?!\s+(?:in|out)\b)", r"\1_", body)
    if re.search(r"\biMouse\s*\.\s*[xyrgst]*[zwbapq]", body):
        body = _MOUSE.sub("vec4(iMouse.xy, 0.0, 0.0)", body)
    return _without_twins(_NAME.sub(r"\g<0>_", body))


def uniform_name(name: str, rung: int) -> str:
    """What an input is called in the translated text."""
    words = f"{_RESERVED}|{_WORDS}|{_FUNCTIONS}"
    return re.sub(rf"\b(?:{words})\b", r"\g<0>_", name) if rung else name


def _hiding(body: str, own: set[str]) -> list[str]:
    """Variables that have the name of a function that is called."""
    named = {name for pair in _NAMED.findall(bare(body)) for name in pair}
    code = re.sub(r"^[ \t]*#.*$", "", bare(body), flags=re.MULTILINE)
    names = {*re.findall(r"(?<![.\w])(\w+)\b(?!\s*\()", code)} & {*_CALL.findall(code)}
    names -= named | own | {*_FIELD.findall(code)}
    names |= {name for name in own if re.fullmatch(_FUNCTIONS, name)}
    return sorted(name for name in names if not _OTHER.fullmatch(name))


def _without_constants(body: str, changing: set[str]) -> str:
    """Let what is made of inputs be variables."""

    def is_made(text: str) -> bool:
        return not changing.isdisjoint(re.findall(r"\w+", text))

    def freed(found: re.Match[str]) -> str:
        if not is_made(found[3]):
            return found[0]
        changing.add(found[2])
        return found[1]

    changing |= {name for name, text in _MACRO.findall(body) if is_made(text)}
    return _CONSTANT.sub(freed, body)


def _without_twins(body: str) -> str:
    """Blank what is defined above by the same words."""
    code = re.sub(r"^[ \t]*#.*$", blank, bare(body), flags=re.MULTILINE)
    seen: set[str] = set()
    parts, done, at = [], 0, 0
    while unit := _UNIT.match(code, at):
        begin, at = at, unit.end()
        depth = 1 if unit[1] else 0
        while depth and (brace := _BRACE.search(code, at)):
            at = brace.end()
            depth += 1 if brace[0] == "{" else -1
        text = code[begin:at]
        words = " ".join(text.split())
        if words in seen and words != ";":
            begin += len(text) - len(text.lstrip())
            parts += [body[done:begin], blank(body[begin:at])]
            done = at
        seen.add(words)
    return "".join((*parts, body[done:]))
