"""Inert objects of the pickle sandbox: what a pickle becomes when nothing of it is run."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_OPCODES = 1_000_000  # real networks need about 100 000
MOST_TEXT_BYTES = 64 << 20
_BIT_BYTES = 4 << 20


class RefusedError(ValueError):
    """A file that is not read, or not further; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Global:
    """A name that a pickle may mention, and what we put in its place.

    Parameters
    ----------
    name
        Dotted, as in the file.
    reduce
        Answers a call, from its arguments; None: the name may not be called.
    new
        Answers the making of an object, from its arguments; None: it may not be made.
    is_passed
        Whether what it makes is passed over.
    """

    name: str
    reduce: Callable[[tuple[Any, ...]], Any] | None = None
    new: Callable[[tuple[Any, ...]], Any] | None = None
    is_passed: bool = False


class Node:
    """An object of a class that we do not have: its dotted name, its state as it stands."""

    __slots__ = ("name", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: dict[str, Any] = {}

    def build(self, state: Any) -> None:
        """Take the state (`BUILD`).

        Raises
        ------
        RefusedError
            If it is no table.
        """
        if type(state) is not dict:
            raise RefusedError(f"the state of a {self.name} is no table; do not use this file")
        self.state = state


class Passed:
    """An object, by its class' name, that no network needs: whatever is done to it, nothing is."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def build(self, state: Any) -> None:
        """Take any state, and forget it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A long text, left as a view of the file until somebody wants it."""

    raw: memoryview
    encoding: str

    def decode(self) -> str:
        """Decode it."""
        return codecs.decode(self.raw, self.encoding)

    def latin(self) -> memoryview:
        """Take the bytes that protocols without bytes have written as letters, a bit at a time."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        found = bytearray()
        for at in range(0, len(self.raw), _BIT_BYTES):
            bit = bytes(self.raw[at : at + _BIT_BYTES])
            is_last = at + _BIT_BYTES >= len(self.raw)
            found += decoder.decode(bit, is_last).encode("latin-1")
        return memoryview(found).toreadonly()


@dataclass(slots=True)
class Budget:
    """What a file and the streams nested in it may still make us do."""

    opcodes: int = MOST_OPCODES
    text_bytes: int = MOST_TEXT_BYTES
