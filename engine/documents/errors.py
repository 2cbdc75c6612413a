"""Errors of what is read: in which file, at which place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def within(place: str, kind: type[ValueError] = ValueError) -> Iterator[None]:
    """Put a place in front of the errors of what is made inside, and make them of `kind`."""
    try:
        yield
    except ValueError as error:
        raise kind(f"{place}{error}") from None


@contextmanager
def reading(path: Path, kind: type[ValueError]) -> Iterator[None]:
    """Say as an error of `kind` why a file cannot be read; one that is of that kind stays."""
    try:
        yield
    except kind:
        raise
    except OSError as error:
        raise kind(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise kind(str(error)) from None
