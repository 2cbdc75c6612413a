"""Numbers from outside, bounded so that no arithmetic of the core breaks on them."""

from __future__ import annotations

from typing import Any

LARGEST = 1e15


def number(value: Any) -> float:
    """Take a number that no arithmetic of the core can turn into infinity.

    Raises
    ------
    ValueError, TypeError, OverflowError
        If it is too large, or none.
    """
    found = float(value)
    if not abs(found) <= LARGEST:
        raise ValueError(f"not a state snapshot: it holds the number {found}")
    return found


def whole(value: Any) -> int:
    """Take a whole number; Python's own have no end, and floats become ones of 300 digits."""
    found = int(value)
    if not abs(found) <= LARGEST:
        raise ValueError("not a state snapshot: it holds a whole number beyond all bounds")
    return found
