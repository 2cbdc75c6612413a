"""OSC address patterns: which addresses a message with ``? * [] {}`` is for.

References
----------
M. Wright, The Open Sound Control 1.0 Specification (2002), "OSC Message Dispatching and Pattern
Matching".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import Any

MOST_CHARACTERS = 1024
"""Of all that the alternatives of a pattern come to."""
MOST_STEPS = 4000
"""Of one search, about 0.1 us each: what bounds its time. A new wildcard costs many of them."""
COMPILE_STEPS = 1500
WILDCARDS = frozenset("*?[]{}")
_TOKEN = re.compile(r"\*+|\?|\[(!?)([^]]+)\]|[^*?\[\]{}]+")

Tree = dict[str, Any]
"""Addresses by their parts; under `LEAF` is an address as a whole."""
LEAF = "/"


def is_pattern(address: str) -> bool:
    """Whether an address is meant for several."""
    return not WILDCARDS.isdisjoint(address)


def grow(addresses: Iterable[str]) -> Tree:
    """Put addresses into a tree."""
    tree: Tree = {}
    for address in addresses:
        node = tree
        for part in address.split("/")[1:]:
            node = node.setdefault(part, {})
        node[LEAF] = address
    return tree


def find(pattern: str, tree: Tree, most_steps: int = MOST_STEPS) -> tuple[list[str], int]:
    """Find the addresses that a pattern is for, and say how many steps it took.

    Raises
    ------
    ValueError
        If it is none, or stands for too much; one clause for people.
    """
    found: dict[str, None] = {}
    steps = compiled = 0
    for glob in _alternatives(pattern):
        nodes = [tree]
        for part in glob.split("/")[1:]:
            steps += len(nodes)
            if WILDCARDS.isdisjoint(part):
                nodes = [node[part] for node in nodes if part in node]
                continue
            if part == "*":
                steps += sum(map(len, nodes))
                nodes = [child for node in nodes for name, child in node.items() if name != LEAF]
                continue
            missed = compile_part.cache_info().misses
            fits = compile_part(part).fullmatch
            compiled += compile_part.cache_info().misses - missed
            steps += sum(map(len, nodes))
            if steps > most_steps:
                raise ValueError("it takes too long to find what it is for")
            nodes = [
                child
                for node in nodes
                for name, child in node.items()
                if name != LEAF and fits(name)
            ]
        found.update((node[LEAF], None) for node in nodes if LEAF in node)
    return list(found), steps + COMPILE_STEPS * compiled


def _alternatives(pattern: str) -> Iterable[str]:
    """Write a pattern without braces, once for each way through them."""
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices = [piece.split(",") if k % 2 else [piece] for k, piece in enumerate(pieces)]
    count = 1
    for each in choices:
        count *= len(each)
    if count * len(pattern) > MOST_CHARACTERS:
        raise ValueError(f"it has {count} alternatives, which is too many")
    return dict.fromkeys(map("".join, product(*choices)))


@lru_cache(maxsize=256)
def compile_part(glob: str) -> re.Pattern[str]:
    """Make an expression that one part of an address has to match as a whole.

    Raises
    ------
    ValueError
        If a bracket of it is not closed.
    """
    return re.compile(_part(glob))


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
            chunks[-1] += "."
        elif token[0][0] == "[":
            chunks[-1] += _one_of(token[2], bool(token[1]))
        else:
            chunks[-1] += re.escape(token[0])
    if at != len(glob):
        raise ValueError("a bracket of it is not closed")
    first, *middle = chunks[:-1] or [chunks[-1]]
    if len(chunks) == 1:
        return first
    return "".join((first, *(rf"(?>.*?{chunk})" for chunk in middle), ".*", chunks[-1]))


def _one_of(characters: str, is_negated: bool) -> str:
    """Write ``[a-z!]`` as a set; a minus between two characters is a range, forwards or not."""
    ranges = []
    for low, high, single in re.findall(r"(.)-(.)|(.)", characters, re.DOTALL):
        if single:
            ranges.append(re.escape(single))
        else:
            ranges.append(re.escape(min(low, high)) + "-" + re.escape(max(low, high)))
    return ("[^" if is_negated else "[") + "".join(ranges) + "]"
