"""Size expressions of ISF passes: ``floor($WIDTH / 2.0)``. A bounded parser, no eval."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping

LENGTH = 300
DEPTH = 32
LARGEST_PX = 16384
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|\$?([A-Za-z_]\w*)|(\S))")
_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "floor": (1, math.floor), "ceil": (1, math.ceil), "round": (1, round), "abs": (1, abs),
    "sqrt": (1, math.sqrt), "sin": (1, math.sin), "cos": (1, math.cos),
    "pow": (2, math.pow), "min": (2, min), "max": (2, max),
}  # fmt: skip
_BINARY: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (1, lambda a, b: a + b), "-": (1, lambda a, b: a - b),
    "*": (2, lambda a, b: a * b), "/": (2, lambda a, b: a / b), "%": (2, math.fmod),
    "^": (4, math.pow),
}  # fmt: skip

# A parsed expression: a number, a name, or a function with its arguments.
_Node = float | str | tuple[Callable[..., float], tuple["_Node", ...]]


def evaluate_size(expression: str, values: Mapping[str, float]) -> int:
    """Length of a side in pixels.

    Parameters
    ----------
    expression
        Numbers, ``$names``, ``+ - * / % ^``, and floor ceil round abs sqrt sin cos pow min max.
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
        if node not in values:
            raise ValueError(f"'{node[:40]}' is no input of this shader")
        return float(values[node])
    return node


@functools.lru_cache(maxsize=256)
def _parse(expression: str) -> _Node:
    if len(expression) > LENGTH:
        raise ValueError(f"it is longer than {LENGTH} characters")
    tokens = [m.group(1) or m.group(2) or m.group(3) for m in _TOKEN.finditer(expression)]
    tokens.reverse()
    node = _binary(tokens, 1, 0)
    if tokens:
        raise ValueError(f"'{tokens[-1][:20]}' was not expected")
    return node


def _binary(tokens: list[str], lowest: int, depth: int) -> _Node:
    """Precedence climbing: operators that bind at least as tightly as `lowest`."""
    if depth > DEPTH:
        raise ValueError(f"it is nested more than {DEPTH} deep")
    left = _unary(tokens, depth)
    while tokens and tokens[-1] in _BINARY and _BINARY[tokens[-1]][0] >= lowest:
        strength, function = _BINARY[tokens.pop()]
        left = (function, (left, _binary(tokens, strength + 1, depth + 1)))
    return left


def _unary(tokens: list[str], depth: int) -> _Node:
    if not tokens:
        raise ValueError("it ends too early")
    token = tokens.pop()
    if token == "-":
        return (lambda a: -a, (_binary(tokens, 3, depth + 1),))
    if token == "+":
        return _binary(tokens, 3, depth + 1)
    if token == "(":
        node = _binary(tokens, 1, depth + 1)
        _expect(tokens, ")")
        return node
    if token in _FUNCTIONS and tokens and tokens[-1] == "(":
        return _call(tokens, token, depth)
    if token[0].isalpha() or token[0] == "_":
        return token
    if token[0].isdigit() or (token[0] == "." and len(token) > 1):
        return float(token)
    raise ValueError(f"'{token[:20]}' was not expected")


def _call(tokens: list[str], name: str, depth: int) -> _Node:
    count, function = _FUNCTIONS[name]
    _expect(tokens, "(")
    parts = [_binary(tokens, 1, depth + 1)]
    for _ in range(count - 1):
        _expect(tokens, ",")
        parts.append(_binary(tokens, 1, depth + 1))
    _expect(tokens, ")")
    return (function, tuple(parts))


def _expect(tokens: list[str], mark: str) -> None:
    if not tokens or tokens.pop() != mark:
        raise ValueError(f"'{mark}' is missing")
