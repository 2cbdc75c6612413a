"""In-memory output: pictures as arrays, for tests and notebooks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from engine.outputs.contract import Picture


@dataclass(frozen=True, slots=True)
class Config:
    """What to keep.

    Parameters
    ----------
    format
        ``rgb24``, ``rgba`` or ``rgb48``.
    newest
        How many pictures to keep at most, the newest ones; None keeps all.
    """

    format: str = "rgb24"
    newest: int | None = None


class Memory:
    """Holds `frames` (their indices) and `pictures` (their pixels), oldest first."""

    def __init__(self, config: Config) -> None:
        self._format = config.format
        self.frames: deque[int] = deque(maxlen=config.newest)
        self.pictures: deque[NDArray[Any]] = deque(maxlen=config.newest)

    def write(self, frame: int, picture: Picture) -> None:
        """Keep a picture."""
        self.frames.append(frame)
        self.pictures.append(picture.read(self._format))


@contextmanager
def open(  # the shelf's contract: an array knows its size, and here nothing has a rate
    config: Config,
    size_px: tuple[int, int],  # noqa: ARG001
    fps: Fraction,  # noqa: ARG001
) -> Iterator[Memory]:
    """Open an output that keeps pictures."""
    yield Memory(config)
