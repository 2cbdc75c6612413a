"""A picture from a file: decoded once, in no process of its own. It needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request, Spec
from engine.generators.contract import Asset, reduced
from engine.system.foreign import still_file
from engine.system.untrusted import read_bytes


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        File of the picture.
    """

    path: str


def spec(config: Config) -> Spec:
    """Describe the picture.

    Raises
    ------
    ValueError
        If it is missing, none, or too large.
    """
    width, height, _ = _look(config.path)
    return Spec(
        name="picture",
        ports=(),
        min_px=1,
        max_px=max(math.ceil(math.sqrt(width * height)), 1),
        any_size=False,
        aspect=width / height,
        channels=4,
        differentiable=False,
        runs="still",
    )


def _look(path: str) -> still_file.Head:
    try:
        stat = Path(path).stat()
        return _looked(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))
    except OSError as error:
        raise ValueError(f"{Path(path).name}: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from None


@lru_cache(maxsize=256)
def _looked(path: str, version: tuple[int, ...]) -> still_file.Head:
    del version
    return still_file.look(read_bytes(Path(path), still_file.LARGEST_BYTES))


def files(config: Config) -> tuple[Asset, ...]:
    """List the picture."""
    return (Asset("path", config.path, "picture"),)


def notes(config: Config) -> tuple[str, ...]:
    """Say what of the picture is not seen as it is meant."""
    name = Path(config.path).name
    return tuple(f"{name}: {note}" for note in _look(config.path).notes)


class Generator:
    """A picture; it is decoded when a size is asked for the first time."""

    def __init__(self, config: Config) -> None:
        self.spec = spec(config)
        self._path = Path(config.path)
        self._size = _look(config.path)[:2]
        self._shown: tuple[tuple[int, int], NDArray[np.uint8]] | None = None

    def render(self, request: Request, memory: object = None) -> tuple[NDArray[np.uint8], object]:
        """Return it [shape=(H, W, 4)], as large as it is or as it is asked for.

        Raises
        ------
        ValueError, OSError
            If it cannot be read any more.
        """
        size = reduced(request.size_px, self._size)
        if self._shown is None or self._shown[0] != size:
            try:
                data = read_bytes(self._path, still_file.LARGEST_BYTES)
                pixels, _ = still_file.read(data, size)
            except ValueError as error:
                raise ValueError(f"{self._path.name}: {error}") from None
            self._shown = size, pixels
        return self._shown[1], memory


def build(config: Config, device: str = "cpu") -> Generator:
    """Make the generator; nothing is decoded yet.

    Raises
    ------
    ValueError
        As `spec`.
    """
    del device
    return Generator(config)
