"""The opcodes of pickle, acting on inert values only.

References
----------
Python, `pickletools`: the opcodes of protocols 0 to 5.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.models.unpickle.inert import Budget, Global, Passed, RefusedError, Text

DAMAGED = (
    "is damaged or no pickle ({}): fetch it again, or export it again from the program that made it"
)
_LONG_TEXT_BYTES = 64 << 10  # longer ones (source texts, bytes of protocol 2) stay undecoded
_MOST_INT_BYTES = 64
_MOST_LINE_BYTES = 1 << 10


@dataclass(slots=True)
class Machine:
    """The state of reading one pickle; its methods are what the opcodes do."""

    data: memoryview
    find: Callable[[str, str], Global]
    persistent: Callable[[Any], Any] | None
    budget: Budget
    at: int = 0
    stack: list[Any] = field(default_factory=list)
    marked: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def take(self, count: int) -> memoryview:
        """Take the next bytes, as a view."""
        if count < 0 or count > len(self.data) - self.at:
            raise RefusedError(DAMAGED.format("it ends too early"))
        start, self.at = self.at, self.at + count
        return self.data[start : self.at]

    def number(self, code: str) -> int:
        """Take a little-endian integer; `code` as in `struct`."""
        (value,) = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))
        return int(value)

    def line(self, limit: int = _MOST_LINE_BYTES) -> memoryview:
        """Take the bytes up to the end of the line."""
        start, length, window = self.at, -1, _MOST_LINE_BYTES
        while length < 0:
            length = bytes(self.data[start : start + window]).find(b"\n")
            if length < 0 and window > min(limit, len(self.data) - start):
                raise RefusedError(DAMAGED.format("a line without an end"))
            window *= 16
        self.at = start + length + 1
        return self.data[start : start + length]

    def text(self, raw: bytes | memoryview, encoding: str) -> str:
        """Decode a text, at the expense of the budget."""
        self.budget.text_bytes -= len(raw)
        if self.budget.text_bytes < 0:
            raise RefusedError("holds more text than any network has; do not use this file")
        return codecs.decode(raw, encoding)

    def unicode(self, count: int) -> str | Text:
        """Take a text of this many bytes."""
        raw = self.take(count)
        return self.text_or_later(raw, "utf-8")

    def text_or_later(self, raw: memoryview, encoding: str) -> str | Text:
        """Decode a text now if it is short."""
        is_long = len(raw) > _LONG_TEXT_BYTES
        return Text(raw, encoding) if is_long else self.text(raw, encoding)

    def latin(self, count: int) -> str | memoryview:
        """Take a string of Python 2."""
        raw = self.take(count)  # bytes of Python 2: short ones are names, long ones data
        return raw if count > _MOST_LINE_BYTES else self.text(raw, "latin-1")

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop_mark(self) -> list[Any]:
        """Take everything above the last mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def push_global(self, module: Any, name: Any) -> None:
        """Answer a name."""
        if type(module) is not str or type(name) is not str:
            raise RefusedError("names something by no name; do not use this file")
        self.stack.append(self.find(module, name))

    def reduce(self) -> None:
        """Call a name, as far as it answers calls."""
        arguments = self.stack.pop()
        callee = self.stack.pop()
        _need_arguments(callee, arguments)
        if callee.reduce is None:
            raise RefusedError(f"calls {callee.name[:80]}, which is never called here")
        self.stack.append(callee.reduce(arguments))

    def new(self, has_keywords: bool = False) -> None:
        """Make an object of a named class, as far as it may be made."""
        keywords = self.stack.pop() if has_keywords else {}
        arguments = self.stack.pop()
        callee = self.stack.pop()
        _need_arguments(callee, arguments)
        if keywords != {} and not callee.is_passed:
            raise RefusedError("makes an object with keywords, which no network does")
        if callee.new is None:
            raise RefusedError(f"makes a {callee.name[:80]}, which is never made here")
        self.stack.append(callee.new(arguments))

    def build(self) -> None:
        """Give an object its state."""
        state = self.stack.pop()
        target = self.stack[-1]
        if type(target) is dict:  # an attribute of an ordered dictionary: `_metadata`
            return
        if not hasattr(type(target), "build"):
            raise RefusedError("changes an object that has no state; do not use this file")
        target.build(state)

    def set_items(self, items: list[Any]) -> None:
        """Add keys and values, in turn, to a table."""
        target = self.stack[-1]
        if type(target) is Passed:
            return
        if type(target) is not dict or len(items) % 2:
            raise RefusedError(DAMAGED.format("keys without a table"))
        target.update((_key(k), v) for k, v in zip(items[::2], items[1::2], strict=True))

    def append(self, items: list[Any]) -> None:
        """Add to a list."""
        if type(self.stack[-1]) is Passed:
            return
        if type(self.stack[-1]) is not list:
            raise RefusedError(DAMAGED.format("items without a list"))
        self.stack[-1].extend(items)

    def add(self, items: list[Any]) -> None:
        """Add to a set."""
        if type(self.stack[-1]) is not set:
            raise RefusedError(DAMAGED.format("items without a set"))
        self.stack[-1].update(_key(item) for item in items)

    def refer(self, identity: Any) -> None:
        """Answer a persistent ID."""
        if self.persistent is None:
            raise RefusedError("refers to data outside itself, which no such file does")
        self.stack.append(self.persistent(identity))


def _need_arguments(callee: Any, arguments: Any) -> None:
    if type(callee) is not Global or type(arguments) is not tuple:
        raise RefusedError("calls something that is no name; do not use this file")


def _key(value: Any) -> Any:
    """Let flat keys through only: hashing a deep or shared tuple may take for ever."""
    for part in value if type(value) is tuple else (value,):
        is_number = type(part) is int and -(2**63) <= part < 2**63
        if not (is_number or part is None or type(part) in (str, float, bool)):
            raise RefusedError("has a key that is neither text nor number; do not use this file")
    return value


def _int_line(m: Machine) -> int | bool:
    text = bytes(m.line())
    return text == b"01" if text in (b"00", b"01") else int(text.rstrip(b"L"))


def _long(m: Machine, count: int) -> int:
    if count > _MOST_INT_BYTES:
        raise RefusedError("has a number of absurd length; do not use this file")
    return int.from_bytes(m.take(count), "little", signed=True)


def _quoted(m: Machine) -> str:
    line = bytes(m.line(1 << 40)).strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise RefusedError(DAMAGED.format("a text without quotes"))
    raw, _ = codecs.escape_decode(line[1:-1])
    return m.text(raw, "latin-1")


def _tuple(m: Machine, count: int) -> None:
    if len(m.stack) < count:
        raise RefusedError(DAMAGED.format("too few items"))
    m.stack[-count:] = [tuple(m.stack[-count:])]


def _mark(m: Machine) -> None:
    m.marked.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


def _dict_of_mark(m: Machine) -> None:
    items = m.pop_mark()
    m.push({})
    m.set_items(items)


def _set_item(m: Machine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    m.set_items([key, value])


def _refuse(_: Machine) -> None:
    raise RefusedError("uses an opcode that no network needs; do not use this file")


def _memoize(m: Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _put(m: Machine, index: int) -> None:
    m.memo[index] = m.stack[-1]


def _stack_global(m: Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.push_global(module, name)


OPCODES: dict[int, Callable[[Machine], Any]] = {
    0x28: _mark,
    0x29: lambda m: m.push(()),
    0x30: _pop,
    0x31: lambda m: m.pop_mark(),
    0x32: lambda m: m.push(m.stack[-1]),
    0x42: lambda m: m.push(m.take(m.number("I"))),  # BINBYTES
    0x43: lambda m: m.push(m.take(m.number("B"))),
    0x46: lambda m: m.push(float(bytes(m.line()))),
    0x47: lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    0x49: lambda m: m.push(_int_line(m)),
    0x4A: lambda m: m.push(m.number("i")),
    0x4B: lambda m: m.push(m.number("B")),
    0x4C: lambda m: m.push(_int_line(m)),
    0x4D: lambda m: m.push(m.number("H")),
    0x4E: lambda m: m.push(None),
    0x50: lambda m: m.refer(m.text(m.line(), "ascii")),  # PERSID
    0x51: lambda m: m.refer(m.stack.pop()),
    0x52: lambda m: m.reduce(),
    0x53: lambda m: m.push(_quoted(m)),
    0x54: lambda m: m.push(m.latin(m.number("i"))),  # BINSTRING
    0x55: lambda m: m.push(m.latin(m.number("B"))),
    0x56: lambda m: m.push(m.text_or_later(m.line(1 << 40), "raw-unicode-escape")),
    0x58: lambda m: m.push(m.unicode(m.number("I"))),  # BINUNICODE
    0x5D: lambda m: m.push([]),
    0x61: lambda m: m.append([m.stack.pop()]),
    0x62: lambda m: m.build(),
    0x63: lambda m: m.push_global(m.text(m.line(), "utf-8"), m.text(m.line(), "utf-8")),
    0x64: _dict_of_mark,
    0x65: lambda m: m.append(m.pop_mark()),
    0x67: lambda m: m.push(m.memo[int(bytes(m.line()))]),
    0x68: lambda m: m.push(m.memo[m.number("B")]),
    0x6A: lambda m: m.push(m.memo[m.number("I")]),
    0x6C: lambda m: m.push(m.pop_mark()),
    0x70: lambda m: _put(m, int(bytes(m.line()))),
    0x71: lambda m: _put(m, m.number("B")),
    0x72: lambda m: _put(m, m.number("I")),
    0x73: _set_item,
    0x74: lambda m: m.push(tuple(m.pop_mark())),
    0x75: lambda m: m.set_items(m.pop_mark()),
    0x7D: lambda m: m.push({}),
    0x80: lambda m: m.take(1),  # PROTO: the opcodes themselves say which
    0x81: lambda m: m.new(),
    0x85: lambda m: _tuple(m, 1),
    0x86: lambda m: _tuple(m, 2),
    0x87: lambda m: _tuple(m, 3),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    0x8A: lambda m: m.push(_long(m, m.number("B"))),
    0x8B: lambda m: m.push(_long(m, m.number("i"))),
    0x8C: lambda m: m.push(m.unicode(m.number("B"))),
    0x8D: lambda m: m.push(m.unicode(m.number("Q"))),
    0x8E: lambda m: m.push(m.take(m.number("Q"))),  # BINBYTES8
    0x8F: lambda m: m.push(set()),
    0x90: lambda m: m.add(m.pop_mark()),
    0x91: lambda m: m.push(frozenset(map(_key, m.pop_mark()))),
    0x92: lambda m: m.new(has_keywords=True),
    0x93: _stack_global,
    0x94: _memoize,
    0x95: lambda m: m.take(8),  # FRAME: a hint for buffering
    0x96: lambda m: m.push(m.take(m.number("Q"))),  # BYTEARRAY8
}
OPCODES |= dict.fromkeys((0x69, 0x6F, 0x82, 0x83, 0x84, 0x97, 0x98), _refuse)
