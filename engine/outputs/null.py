"""Null output, which shows nothing: the smallest complete output, to copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from engine.outputs.contract import Picture

IS_ONLY_SEEN = True


@dataclass(frozen=True, slots=True)
class Config:
    """Nothing to choose."""


class Null:
    """Counts pictures."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: int, picture: Picture) -> None:  # noqa: ARG002 - the shelf's contract
        """Take a picture and forget it."""
        self.frames += 1


@contextmanager
def open(  # the shelf's contract, whose words an output without a device does not need
    config: Config,  # noqa: ARG001
    size_px: tuple[int, int],  # noqa: ARG001
    fps: Fraction,  # noqa: ARG001
) -> Iterator[Null]:
    """Open an output that needs no device at all."""
    yield Null()
