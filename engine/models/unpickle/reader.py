"""A sandboxed pickle reader: an opcode machine over bytes and an allow-list of names.

Python's own `pickle` is an interpreter that imports and calls whatever a file names. This one
knows the opcodes, but every name goes through `find`, which answers with an inert `Global` or
refuses; calls, objects and their states touch those alone. Long byte strings are views of the
file, never copies, and a budget bounds what a file may make us do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from engine.models.unpickle.inert import Budget, Global, RefusedError
from engine.models.unpickle.opcodes import DAMAGED, OPCODES, Machine

_STOP = 0x2E


def read(
    data: memoryview,
    find: Callable[[str, str], Global],
    persistent: Callable[[Any], Any] | None = None,
    budget: Budget | None = None,
) -> tuple[Any, int]:
    """Read one pickle of protocol 0 to 5.

    Parameters
    ----------
    data
        The bytes; more may follow the pickle.
    find
        Answers a (module, name) or raises `RefusedError`.
    persistent
        Answers a persistent ID; None: the pickle may have none.
    budget
        What may be spent; shared with nested streams.

    Returns
    -------
    tuple
        The value, of plain Python types, what `find` gave, memory views and `Text`; and how many
        bytes the pickle took.

    Raises
    ------
    RefusedError
        If the pickle is damaged, or wants anything that a network does not need.
    """
    machine = Machine(data, find, persistent, budget or Budget())
    start = 0
    try:
        while True:
            start = machine.at
            opcode = data[start]
            machine.at += 1
            if opcode == _STOP:
                return machine.stack.pop(), machine.at
            machine.budget.opcodes -= 1
            if machine.budget.opcodes < 0:
                raise RefusedError("is longer than any network's pickle; do not use this file")
            OPCODES[opcode](machine)
    except RefusedError as error:
        raise RefusedError(f"at byte {start} {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error):
        raise RefusedError(f"at byte {start} {DAMAGED.format('nonsense')}") from None
