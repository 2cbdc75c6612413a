"""The output that shows nothing: the smallest complete one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from engine.outputs.writer import Picture


@dataclass(frozen=True, slots=True)
class Config:
    """Nothing to choose."""


class Null:
    """Counts pictures."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: int, picture: Picture) -> None:
        """Take a picture and forget it."""
        self.frames += 1


@contextmanager
def open(config: Config, size_px: tuple[int, int], fps: Fraction) -> Iterator[Null]:
    """Open an output that needs no device at all."""
    yield Null()
