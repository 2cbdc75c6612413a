"""Functions and constants of size expressions.

Those of DDMathParser, which the ISF specification names (its ``log`` is to base 10), and what is
common in exprtk and math.js, with which other hosts compute sizes. Nothing here is by chance.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

Function = Callable[..., float]
ANY = 64
"""Most arguments of a function that takes any number of them."""

CONSTANTS = {
    "pi": math.pi, "pi_2": math.pi / 2, "pi_4": math.pi / 4, "tau": math.tau, "e": math.e,
    "phi": (1 + math.sqrt(5)) / 2, "sqrt2": math.sqrt(2), "ln2": math.log(2), "ln10": math.log(10),
    "log2e": math.log2(math.e), "log10e": math.log10(math.e), "true": 1.0, "false": 0.0,
}  # fmt: skip


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _root(x: float, n: float) -> float:
    return math.copysign(abs(x) ** (1 / n), x) if n % 2 == 1 else x ** (1 / n)


def _choose(condition: float, yes: float, no: float) -> float:
    return yes if condition else no


_ONE: dict[str, Function] = {
    "floor": math.floor, "ceil": math.ceil, "round": round, "abs": abs, "trunc": math.trunc,
    "fix": math.trunc, "int": math.trunc, "frac": lambda x: x - math.trunc(x),
    "fract": lambda x: x % 1,
    "sgn": _sign, "sign": _sign, "negate": lambda x: -x, "square": lambda x: x * x,
    "cube": lambda x: x**3, "percent": lambda x: x / 100, "sqrt": math.sqrt,
    "cuberoot": lambda x: _root(x, 3), "cbrt": lambda x: _root(x, 3),
    "exp": math.exp, "expm1": math.expm1, "log1p": math.log1p, "ln": math.log,
    "log2": math.log2, "log10": math.log10, "factorial": lambda x: math.gamma(x + 1),
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "asinh": math.asinh, "acosh": math.acosh, "atanh": math.atanh,
    "csc": lambda x: 1 / math.sin(x), "sec": lambda x: 1 / math.cos(x),
    "cotan": lambda x: 1 / math.tan(x), "cot": lambda x: 1 / math.tan(x),
    "acsc": lambda x: math.asin(1 / x), "asec": lambda x: math.acos(1 / x),
    "acotan": lambda x: math.atan(1 / x), "csch": lambda x: 1 / math.sinh(x),
    "sech": lambda x: 1 / math.cosh(x), "cotanh": lambda x: 1 / math.tanh(x),
    "acsch": lambda x: math.asinh(1 / x), "asech": lambda x: math.acosh(1 / x),
    "acotanh": lambda x: math.atanh(1 / x), "dtor": math.radians, "rtod": math.degrees,
    "deg2rad": math.radians, "rad2deg": math.degrees,
    "versin": lambda x: 1 - math.cos(x), "vercosin": lambda x: 1 + math.cos(x),
    "coversin": lambda x: 1 - math.sin(x), "covercosin": lambda x: 1 + math.sin(x),
    "haversin": lambda x: (1 - math.cos(x)) / 2, "havercosin": lambda x: (1 + math.cos(x)) / 2,
    "hacoversin": lambda x: (1 - math.sin(x)) / 2, "hacovercosin": lambda x: (1 + math.sin(x)) / 2,
    "exsec": lambda x: 1 / math.cos(x) - 1, "excsc": lambda x: 1 / math.sin(x) - 1,
    "crd": lambda x: 2 * math.sin(x / 2), "not": lambda x: ~int(x), "l_not": lambda x: float(not x),
}  # fmt: skip
_TWO: dict[str, Function] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "mod": math.fmod, "pow": math.pow, "nthroot": _root,
    "root": _root, "atan2": math.atan2, "hypot": math.hypot, "logn": math.log,
    "step": lambda edge, x: float(x >= edge),
    "and": lambda a, b: int(a) & int(b), "or": lambda a, b: int(a) | int(b),
    "xor": lambda a, b: int(a) ^ int(b), "lshift": lambda a, b: int(a) << min(int(b), 64),
    "rshift": lambda a, b: int(a) >> int(b), "l_and": lambda a, b: float(bool(a and b)),
    "l_or": lambda a, b: float(bool(a or b)), "l_xor": lambda a, b: float(bool(a) != bool(b)),
    "l_eq": lambda a, b: float(a == b), "l_neq": lambda a, b: float(a != b),
    "l_lt": lambda a, b: float(a < b), "l_gt": lambda a, b: float(a > b),
    "l_ltoe": lambda a, b: float(a <= b), "l_gtoe": lambda a, b: float(a >= b),
}  # fmt: skip
_THREE: dict[str, Function] = {
    "clamp": lambda low, x, high: min(max(x, low), high), "if": _choose, "l_if": _choose,
}  # fmt: skip
_MANY: dict[str, Function] = {
    "min": lambda *x: min(x), "max": lambda *x: max(x), "sum": lambda *x: math.fsum(x),
    "count": lambda *x: float(len(x)), "median": lambda *x: statistics.median(x),
    "stddev": lambda *x: statistics.pstdev(x), "mul": lambda *x: math.prod(x),
    **dict.fromkeys(("average", "avg", "mean"), lambda *x: math.fsum(x) / len(x)),
}  # fmt: skip
FUNCTIONS: dict[str, tuple[int, int, Function]] = {
    **{name: (1, 1, function) for name, function in _ONE.items()},
    **{name: (2, 2, function) for name, function in _TWO.items()},
    **{name: (3, 3, function) for name, function in _THREE.items()},
    **{name: (1, ANY, function) for name, function in _MANY.items()},
    "log": (1, 2, lambda x, base=10.0: math.log10(x) if base == 10.0 else math.log(x, base)),
}
"""Name → fewest and most arguments, and what it computes."""

BINARY: dict[str, tuple[int, Function]] = {
    "||": (1, _TWO["l_or"]), "&&": (2, _TWO["l_and"]), "==": (3, _TWO["l_eq"]),
    "=": (3, _TWO["l_eq"]), "!=": (3, _TWO["l_neq"]), "<>": (3, _TWO["l_neq"]),
    "<": (4, _TWO["l_lt"]), ">": (4, _TWO["l_gt"]), "<=": (4, _TWO["l_ltoe"]),
    ">=": (4, _TWO["l_gtoe"]), "+": (5, _TWO["add"]), "-": (5, _TWO["subtract"]),
    "*": (6, _TWO["multiply"]), "/": (6, _TWO["divide"]), "%": (6, math.fmod),
    "^": (8, math.pow), "**": (8, math.pow),
}  # fmt: skip
"""Operator → how tightly it binds, and what it computes; a sign binds at 7."""
