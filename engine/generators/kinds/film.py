"""A film: the frame of a moment, which the playhead of its layer says. It needs no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Request, Spec
from engine.generators.contract import Asset, number, reduced
from engine.generators.media.film_ahead import Ahead, Way
from engine.generators.media.film_file import Film, describe
from engine.generators.media.film_reader import KEPT_BYTES, Converter

_OWN_BYTES = 90_000_000  # Python, NumPy and the decoders
PARAMETERS = (
    number("position", 0.0, 0.0, 1.0, "Where it is, of the part from begin to end."),
    number("speed", 1.0, -8.0, 8.0, "How fast; below 0 backwards."),
    Parameter("pause", Kind.BOOL, 0.0, text="Holds it."),
    number("begin", 0.0, 0.0, 1.0, "Where the part that is played begins, of the film."),
    number("end", 1.0, 0.0, 1.0, "Where it ends."),
    number("beats", 0.0, 0.0, 1024.0, "Beats that one round takes; 0: its own pace."),
    Parameter("loop", Kind.BOOL, 1.0, text="The end leads back to the beginning."),
    Parameter("restart", Kind.TRIGGER, 0.0, 0.0, math.inf, text="From the beginning."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        File of the film.
    """

    path: str


def spec(config: Config) -> Spec:
    """Describe the film.

    Raises
    ------
    ValueError
        If it is missing or cannot be shown.
    """
    film = _describe(config)
    return Spec(
        name="film",
        ports=(),
        parameters=PARAMETERS,
        min_px=1,
        max_px=max(math.ceil(math.sqrt(film.width * film.height)), 1),
        any_size=False,
        aspect=film.width / film.height,
        channels=4 if film.has_alpha else 3,
        differentiable=False,
        runs="light",
        duration_s=film.duration_s,
    )


def _describe(config: Config) -> Film:
    try:
        return describe(config.path)
    except ValueError as error:
        raise ValueError(f"{Path(config.path).name}: {error}") from None


def files(config: Config) -> tuple[Asset, ...]:
    """List the film."""
    return (Asset("path", config.path, "film"),)


def notes(config: Config) -> tuple[str, ...]:
    """Say what of the film is not seen as it is meant."""
    return tuple(f"{Path(config.path).name}: {note}" for note in _describe(config).notes)


def memory_bytes(config: Config, device: str) -> int:
    """Estimate the memory of a process that plays it."""
    del device
    film = _describe(config)
    return _OWN_BYTES + 2 * KEPT_BYTES + 24 * film.width * film.height


class Generator:
    """A film that is played along a way.

    Parameters
    ----------
    config
        Of the show.
    """

    def __init__(self, config: Config) -> None:
        self.spec = spec(config)
        self._name = Path(config.path).name
        self._size = _describe(config)[:2]
        self._ahead = Ahead(config.path)
        self._convert = Converter()
        self._shown: tuple[Any, tuple[int, int], NDArray[Any]] | None = None

    def render(self, request: Request, memory: object = None) -> tuple[NDArray[Any], object]:
        """Return the frame of a moment [shape=(H, W, 4)]; the very same array if it is the same.

        Raises
        ------
        ValueError
            Once, where the film is damaged.
        """
        size = reduced(request.size_px, self._size)
        try:
            frame = self._ahead.frame(way_of(self.spec.duration_s, request.parameters))
        except (ValueError, OSError) as error:
            raise ValueError(f"{self._name}: {error}") from None
        if self._shown is None or self._shown[0] is not frame or self._shown[1] != size:
            self._shown = frame, size, self._convert.pixels(frame, size)
        return self._shown[2], memory

    def __del__(self) -> None:
        ahead = getattr(self, "_ahead", None)
        if ahead is not None:
            ahead.close()


def way_of(duration_s: float, parameters: Mapping[str, float]) -> Way:
    """Read from a request where the playhead is and where it goes."""
    of = {p.address: parameters.get(p.address, p.default) for p in PARAMETERS}
    begin_s, end_s = sorted((of["begin"] * duration_s, of["end"] * duration_s))
    return Way(
        begin_s + of["position"] * (end_s - begin_s),
        begin_s,
        end_s,
        of["pause"] < 0.5 and of["speed"] != 0.0,
        of["speed"] < 0.0,
        of["loop"] >= 0.5,
    )


def build(config: Config, device: str = "cpu") -> Generator:
    """Open the film.

    Raises
    ------
    ValueError, OSError
        If it is missing or cannot be shown.
    """
    del device
    return Generator(config)
