"""Size expressions of ISF passes: ``floor($WIDTH / 2.0)``. A bounded parser, no eval."""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Callable, Mapping

from engine.core.isf.size_functions import BINARY, CONSTANTS, FUNCTIONS

LENGTH = 300
DEPTH = 32
LARGEST_PX = 16384
_SIGN = 7
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|\$?([A-Za-z_]\w*)"
    r"|(\|\||&&|[=!<>]=|<>|\*\*|\S))"
)

# A parsed expression: a number, a name, or a function with its arguments.
_Node = float | str | tuple[Callable[..., float], tuple["_Node", ...]]


def evaluate_size(expression: str, values: Mapping[str, float]) -> int:
    """Length of a side in pixels.

    Parameters
    ----------
    expression
        Numbers, ``$names``, operators, and the functions of `engine.core.isf.size_functions`.
    values
        ``WIDTH``, ``HEIGHT`` and the shader's inputs.

    Returns
    -------
    int
        Rounded down, from 1 to `LARGEST_PX`.

    Raises
    ------
    ValueError
        If the expression cannot be read, names something unknown or has no finite value.

    References
    ----------
    ISF specification v2, PASSES, WIDTH and HEIGHT.
    """
    try:
        size = _evaluate(_parse(expression), values)
        if not math.isfinite(size):
            raise ValueError("it is not finite")
    except (ValueError, ArithmeticError, TypeError) as error:
        raise ValueError(f"the size '{expression[:60]}' has no value: {error}") from None
    return min(max(int(size), 1), LARGEST_PX)


def _evaluate(node: _Node, values: Mapping[str, float]) -> float:
    if isinstance(node, tuple):
        return float(node[0](*(_evaluate(part, values) for part in node[1])))
    if isinstance(node, str):
        if node not in values and node.lower() not in CONSTANTS:
            raise ValueError(f"'{node[:40]}' is no input of this shader that is one number")
        return float(values.get(node, CONSTANTS.get(node.lower(), 0.0)))
    return node


@functools.lru_cache(maxsize=256)
def _parse(expression: str) -> _Node:
    if len(expression) > LENGTH:
        raise ValueError(f"it is longer than {LENGTH} characters")
    tokens = [m.group(1) or m.group(2) or m.group(3) for m in _TOKEN.finditer(expression)]
    tokens.reverse()
    node = _choice(tokens, 0)
    if tokens:
        raise ValueError(f"'{tokens[-1][:20]}' was not expected")
    return node


def _choice(tokens: list[str], depth: int) -> _Node:
    """Read an expression: a condition may choose between two."""
    node = _binary(tokens, 1, depth)
    if not tokens or tokens[-1] != "?":
        return node
    tokens.pop()
    yes = _choice(tokens, depth + 1)
    _expect(tokens, ":")
    return (FUNCTIONS["if"][2], (node, yes, _choice(tokens, depth + 1)))


def _binary(tokens: list[str], lowest: int, depth: int) -> _Node:
    """Precedence climbing: operators that bind at least as tightly as `lowest`."""
    if depth > DEPTH:
        raise ValueError(f"it is nested more than {DEPTH} deep")
    left = _unary(tokens, depth)
    while tokens and tokens[-1] in BINARY and BINARY[tokens[-1]][0] >= lowest:
        strength, function = BINARY[tokens.pop()]
        left = (function, (left, _binary(tokens, strength + 1, depth + 1)))
    return left


def _unary(tokens: list[str], depth: int) -> _Node:
    if not tokens:
        raise ValueError("it ends too early")
    token = tokens.pop()
    if token == "-":
        return (lambda a: -a, (_binary(tokens, _SIGN, depth + 1),))
    if token == "+":
        return _binary(tokens, _SIGN, depth + 1)
    if token == "(":
        node = _choice(tokens, depth + 1)
        _expect(tokens, ")")
        return node
    if tokens and tokens[-1] == "(" and (token[0].isalpha() or token[0] == "_"):
        return _call(tokens, token, depth)
    if token[0].isalpha() or token[0] == "_":
        return token
    if token[0].isdigit() or (token[0] == "." and len(token) > 1):
        return float(token)
    raise ValueError(f"'{token[:20]}' was not expected")


def _call(tokens: list[str], name: str, depth: int) -> _Node:
    if name.lower() not in FUNCTIONS:
        near = difflib.get_close_matches(name.lower(), FUNCTIONS, 3, 0.6)
        hint = f"; near are: {', '.join(near)}" if near else ""
        raise ValueError(f"'{name[:40]}' is no function that sizes have{hint}")
    fewest, most, function = FUNCTIONS[name.lower()]
    _expect(tokens, "(")
    parts = [_choice(tokens, depth + 1)]
    while tokens and tokens[-1] == "," and len(parts) < most:
        tokens.pop()
        parts.append(_choice(tokens, depth + 1))
    _expect(tokens, ")" if len(parts) >= fewest else ",")
    return (function, tuple(parts))


def _expect(tokens: list[str], mark: str) -> None:
    if not tokens or tokens.pop() != mark:
        raise ValueError(f"'{mark}' is missing")
