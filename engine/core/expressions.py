"""Expressions: one line of arithmetic over named numbers, as closures. Nothing of Python is run.

``condition ? a : b``, ``|| && !``, ``== != < <= > >=``, ``+ - * / % ^``, brackets, functions, and
names. What has no value is 0: a division by zero, the root or logarithm of less than zero, whatever
is not finite. Text, nodes and depth are bounded, and so is what one evaluation costs.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.core.rng import uniform

LARGEST_TEXT = 1000
MOST_NODES = 200
NOISE_NODES = 10
"""What ``noise`` and ``random`` count as."""
DEEPEST = 40
LARGEST = 1e9
"""Of a number in the text, and of the result."""
Node = Callable[[Sequence[float]], float]
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*|(?:/\w+)+", re.ASCII)
_OPERATOR = re.compile(r"\|\||&&|[=!<>]=|[-+*/%^<>?:,()]")
_RANKS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4,
          "*": 5, "/": 5, "%": 5}  # fmt: skip
_CONSTANTS = {"pi": math.pi}


class Names(NamedTuple):
    """What an expression may name: `place` gives where a number is, or raises ValueError.

    `knows` says whether it would; `seed` is that of ``noise`` and ``random``.
    """

    place: Callable[[str], int]
    knows: Callable[[str], bool]
    seed: int


def _power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (ValueError, OverflowError):
        return 0.0


def _mix(a: float, b: float, x: float) -> float:
    return a + (b - a) * x


def _smoothstep(low: float, high: float, x: float) -> float:
    if low == high:
        return 1.0 if x >= low else 0.0
    y = min(max((x - low) / (high - low), 0.0), 1.0)
    return y * y * (3.0 - 2.0 * y)


_BINARY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda x, y: x / y if y else 0.0,
    "%": lambda x, y: x % y if y else 0.0,
    "^": _power,
    "==": lambda x, y: 1.0 if x == y else 0.0,
    "!=": lambda x, y: 1.0 if x != y else 0.0,
    "<": lambda x, y: 1.0 if x < y else 0.0,
    "<=": lambda x, y: 1.0 if x <= y else 0.0,
    ">": lambda x, y: 1.0 if x > y else 0.0,
    ">=": lambda x, y: 1.0 if x >= y else 0.0,
    "&&": lambda x, y: 1.0 if x and y else 0.0,
    "||": lambda x, y: 1.0 if x or y else 0.0,
}
FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "abs": (1, abs),
    "sign": (1, lambda x: float((x > 0.0) - (x < 0.0))),
    "floor": (1, lambda x: float(math.floor(x))),
    "ceil": (1, lambda x: float(math.ceil(x))),
    "round": (1, lambda x: float(math.floor(x + 0.5))),
    "fract": (1, lambda x: x - math.floor(x)),
    "sqrt": (1, lambda x: math.sqrt(max(x, 0.0))),
    "exp": (1, lambda x: math.exp(min(x, 700.0))),
    "log": (1, lambda x: math.log(x) if x > 0.0 else 0.0),
    "sin": (1, math.sin),
    "cos": (1, math.cos),
    "tanh": (1, math.tanh),
    "min": (2, min),
    "max": (2, max),
    "pow": (2, _power),
    "step": (2, lambda edge, x: 1.0 if x >= edge else 0.0),
    "mix": (3, _mix),
    "clamp": (3, lambda x, low, high: min(max(x, low), high)),
    "smoothstep": (3, _smoothstep),
    "noise": (1, None),  # type: ignore[dict-item]  # these two know the seed, see `_random`
    "random": (1, None),  # type: ignore[dict-item]
}
"""How many numbers each takes, and what it does."""


def _random(seed: int) -> dict[str, Callable[[float], float]]:
    def noise(x: float) -> float:
        place = math.floor(x)
        y = x - place
        return _mix(uniform(seed, place), uniform(seed, place + 1), y * y * (3.0 - 2.0 * y))

    return {"noise": noise, "random": lambda x: uniform(seed, math.floor(x))}


def compile_expression(text: str, names: Names) -> Node:
    """Turn a text into a function of the numbers that it names, which never raises.

    Raises
    ------
    ValueError
        If it is none: with the place in the text.
    """
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"longer than {LARGEST_TEXT} characters")
    parser = _Parser(text, names)
    node = parser.conditional(0)
    parser.end()
    largest = LARGEST

    def value(numbers: Sequence[float]) -> float:
        try:
            found = node(numbers)
        except (ValueError, OverflowError):  # of what is infinite
            return 0.0
        if -largest <= found <= largest:
            return found
        return 0.0 if found != found else math.copysign(largest, found)

    return value


class _Parser:
    """Reads a text from left to right; each method leaves `at` behind what it has read."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names = text, names
        self.at, self.nodes = 0, 0
        self.constants: dict[Node, float] = {}
        self.functions = {**{n: f for n, (_, f) in FUNCTIONS.items()}, **_random(names.seed)}

    def fail(self, why: str) -> ValueError:
        return ValueError(f"{why}, at character {self.at + 1}")

    def peek(self) -> str:
        """The operator that comes next; empty: none does."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        found = _OPERATOR.match(self.text, self.at)
        return found[0] if found else ""

    def take(self, sign: str) -> bool:
        if self.peek() != sign:
            return False
        self.at += len(sign)
        return True

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise self.fail(f"a '{sign}' is missing")

    def end(self) -> None:
        self.peek()
        if self.at < len(self.text):
            raise self.fail(f"'{self.text[self.at]}' does not fit here")

    def count(self, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise self.fail(f"more than {MOST_NODES} names and operations")

    def node(self, function: Callable[..., float], *of: Node) -> Node:
        """Apply a function; of constants at once."""
        self.count()
        if of and all(each in self.constants for each in of):
            try:
                return self.constant(function(*(self.constants[each] for each in of)))
            except (ValueError, OverflowError):
                return self.constant(0.0)
        if len(of) == 1:
            (a,) = of
            return lambda v: function(a(v))
        if len(of) == 2:
            a, b = of
            return lambda v: function(a(v), b(v))
        a, b, c = of
        return lambda v: function(a(v), b(v), c(v))

    def constant(self, number: float) -> Node:
        def node(_: Sequence[float]) -> float:
            return number

        self.constants[node] = number
        return node

    def conditional(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.fail(f"nested deeper than {DEEPEST}")
        test = self.binary(1, depth)
        if not self.take("?"):
            return test
        yes = self.conditional(depth + 1)
        self.need(":")
        no = self.conditional(depth + 1)
        self.count()
        return lambda v: yes(v) if test(v) else no(v)

    def binary(self, rank: int, depth: int) -> Node:
        left = self.unary(depth)
        while rank <= _RANKS.get(sign := self.peek(), 0):
            self.take(sign)
            left = self.node(_BINARY[sign], left, self.binary(_RANKS[sign] + 1, depth + 1))
        return left

    def unary(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.fail(f"nested deeper than {DEEPEST}")
        if self.take("-"):
            return self.node(operator.neg, self.unary(depth + 1))
        if self.peek() != "!=" and self.text[self.at : self.at + 1] == "!":
            self.at += 1
            return self.node(lambda x: 0.0 if x else 1.0, self.unary(depth + 1))
        base = self.operand(depth)
        return self.node(_power, base, self.unary(depth + 1)) if self.take("^") else base

    def operand(self, depth: int) -> Node:
        if self.take("("):
            inner = self.conditional(depth + 1)
            self.need(")")
            return inner
        if found := _NUMBER.match(self.text, self.at):
            number = float(found[0])
            if number > LARGEST:
                raise self.fail(f"{found[0][:20]} is larger than {LARGEST:g}")
            self.at = found.end()
            return self.constant(number)
        found = _NAME.match(self.text, self.at)
        if not found:
            there = self.text[self.at : self.at + 1]
            raise self.fail(f"a number or a name is missing before '{there}'" if there else
                            "a number or a name is missing")  # fmt: skip
        name = self.known(found[0])
        self.at += len(name)
        if self.peek() == "(":
            return self.call(name, depth)
        if name in _CONSTANTS and not self.names.knows(name):
            return self.constant(_CONSTANTS[name])
        self.count()
        return operator.itemgetter(self.names.place(name))

    def known(self, name: str) -> str:
        """The longest part of ``a/b/c`` that is a name; what follows is a division."""
        for part in (name, *(name[: at.start()] for at in reversed([*re.finditer("/", name)]))):
            if part and (part in _CONSTANTS or self.names.knows(part)):
                return part
        return name

    def call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            raise self.fail(f"no function '{name[:40]}'; there are: {', '.join(FUNCTIONS)}")
        self.need("(")
        given = [self.conditional(depth + 1)]
        while self.take(","):
            given.append(self.conditional(depth + 1))
        self.need(")")
        count, function = FUNCTIONS[name][0], self.functions[name]
        if name in ("noise", "random"):
            self.count(NOISE_NODES - 1)
        if name in ("min", "max"):
            while len(given) > 2:
                given[:2] = [self.node(function, given[0], given[1])]
        if len(given) != count:
            raise self.fail(f"{name} takes {count} numbers, not {len(given)}")
        return self.node(function, *given)
