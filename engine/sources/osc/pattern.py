"""OSC address patterns: which addresses a message with ``? * [] {}`` is for.

References
----------
M. Wright, The Open Sound Control 1.0 Specification (2002), "OSC Message Dispatching and Pattern
Matching".
"""

from __future__ import annotations

import re
from itertools import product

MOST_CHARACTERS = 1024
"""Of all that the alternatives of a pattern come to: what bounds the time to compile it."""
WILDCARDS = frozenset("*?[]{}")
_TOKEN = re.compile(r"\*+|\?|\[(!?)([^]]+)\]|[^*?\[\]{}]+")


def is_pattern(address: str) -> bool:
    """Whether an address is meant for several."""
    return not WILDCARDS.isdisjoint(address)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Make a regular expression that finds matching lines, in time linear in their length.

    Raises
    ------
    ValueError
        If it is none, or stands for too much; one clause for people.
    """
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices = [piece.split(",") if k % 2 else [piece] for k, piece in enumerate(pieces)]
    count = 1
    for each in choices:
        count *= len(each)
    if count * len(pattern) > MOST_CHARACTERS:
        raise ValueError(f"it has {count} alternatives, which is too many")
    alternatives = map("".join, product(*choices))
    return re.compile("^(?:" + "|".join(map(_expression, alternatives)) + ")$", re.MULTILINE)


def _expression(glob: str) -> str:
    """Write alternatives-free text as an expression; stars stay within their part."""
    return "/".join(map(_part, glob.split("/")))


def _part(glob: str) -> str:
    """Write one part of an address.

    What stands between two stars may be found at its first place, for good (an atomic group):
    trying the others would find nothing more, in exponential time.
    """
    chunks, at = [""], 0
    for token in _TOKEN.finditer(glob):
        if token.start() != at:
            break
        at = token.end()
        if token[0][0] == "*":
            chunks.append("")
        elif token[0][0] == "?":
            chunks[-1] += r"[^/\n]"
        elif token[0][0] == "[":
            chunks[-1] += _one_of(token[2], bool(token[1]))
        else:
            chunks[-1] += re.escape(token[0])
    if at != len(glob):
        raise ValueError("a bracket of it is not closed")
    first, *middle = chunks[:-1] or [chunks[-1]]
    if len(chunks) == 1:
        return first
    return "".join((first, *(rf"(?>[^/\n]*?{chunk})" for chunk in middle), r"[^/\n]*", chunks[-1]))


def _one_of(characters: str, is_negated: bool) -> str:
    """Write ``[a-z!]`` as a set; a minus between two characters is a range, forwards or not."""
    ranges = []
    for low, high, single in re.findall(r"(.)-(.)|(.)", characters, re.DOTALL):
        if single:
            ranges.append(re.escape(single))
        else:
            ranges.append(re.escape(min(low, high)) + "-" + re.escape(max(low, high)))
    return ("[^/\\n" if is_negated else "[") + "".join(ranges) + "]"
