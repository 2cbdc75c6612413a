"""The contract of a generator: what a module of the shelf ``kinds/`` holds.

A generator is one file there, found by listing the folder. The smallest one is
`engine.generators.kinds.flat`: copy it. It holds

``Config``
    A frozen dataclass: the keys that a show may write under ``generator.config``, with defaults.
``spec(config) -> Spec``
    The generator as data: ports, parameters, sizes. Without torch, and without building it. Raises
    ValueError: one sentence that names the key, what is wrong, and the cure.
``build(config, device) -> Generator``
    The generator on a torch device (``cpu``, ``cuda``, ``mps``): an object with a ``spec`` and with
    ``render(request, memory) -> (pixels, memory)``, see `Generator`. It sees no clock, no chance.

and, where it can say something there,

``files(config) -> tuple[Asset, ...]``
    The files that it is played from: all that anybody else knows of them. Where a show names one it
    is found beside the show, watched, loaded again when it is replaced, hashed into takes, and
    credited. What no film can have again (a camera's) is not among them. Opens nothing.
``notes(config) -> tuple[str, ...]``
    What of its files is not seen as it is meant, a sentence each: the operator is told it.
``memory_bytes(config, device) -> int``
    How much memory its process takes, see `engine.generators.host.admission`.
``drawing(config) -> Drawing | None``
    Its pictures as shaders, for OpenGL on a GPU, see `engine.generators.drawing`.

Its object may also have

``warm_up(clock)``
    Prepares a faster path beside the first frames, see `engine.generators.host.warm_up`.
``draw(latents, request)``, ``features(latents, request, px)``
    The picture [shape=(1, C, H, W)], and features of it, with gradients to the latents: so pictures
    are inverted and dragged, see `engine.generators.tasks`.

Networks in our own form are opened once, by the registry: where an `Asset` has a ``family``,
``spec``, ``memory_bytes`` and ``build`` take one more argument, ``networks``: the headers of these
files by key of the config. Without it they open them.

Third parties list such a module as an entry point of the group ``latent_cinema.generators``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Request, Spec
from engine.models.network import Network

MODEL, SECOND_NETWORK, DIRECTIONS, INDEX, MAP = (
    "model", "second network", "directions", "index", "map",
)  # fmt: skip
Networks = Mapping[str, Network]
NO_NETWORKS: Networks = {}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a generator is played from.

    Parameters
    ----------
    key
        Of its ``Config``; ``styles.2`` is the third of a list, ``config.path`` lies in a table.
    path
        As the config names it.
    role
        ``model``, ``second network``, ``directions``, ``index``, ``map``, or a word of one's own.
    family
        Of the network that it must be: a foreign file is then converted once. Empty: it is no
        network of ours.
    sidecars
        Name → file that lies beside it and is part of it, if it is there.
    """

    key: str
    path: str
    role: str = MODEL
    family: str = ""
    sidecars: Mapping[str, Path] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file and its sidecars."""
        return (Path(self.path), *self.sidecars.values())


def steps(key: str) -> tuple[str | int, ...]:
    """Way to an `Asset` in a config's table, see its key."""
    return tuple(int(step) if step.isdigit() else step for step in key.split("."))


def reduced(asked: tuple[int, int], own: tuple[int, int]) -> tuple[int, int]:
    """Size of pixels that are made smaller, never larger; what was rounded up is no reason to."""
    is_whole = asked[0] >= own[0] and asked[1] >= own[1]
    return own if is_whole else (min(asked[0], own[0]), min(asked[1], own[1]))


def model_of(files: Iterable[Asset]) -> str:
    """Path of the model among the files of a generator, or empty."""
    return next((asset.path for asset in files if asset.role == MODEL), "")


def number(
    address: str, default: float, low: float, high: float, text: str, unit: str = ""
) -> Parameter:
    """Make a parameter that is a number."""
    return Parameter(address, Kind.FLOAT, default, low, high, unit=unit, text=text)


def complete(spec: Spec, parameters: Mapping[str, float]) -> dict[str, float]:
    """Fill in defaults, and clamp: a value that came past the registry cannot break the picture."""
    full = {}
    for parameter in spec.parameters:
        value = float(parameters.get(parameter.address, parameter.default))
        value = value if math.isfinite(value) else parameter.default
        full[parameter.address] = min(max(value, parameter.low), parameter.high)
    return full


def check(spec: Spec, request: Request) -> None:
    """See to it that a request can be drawn.

    Raises
    ------
    ValueError
        If the first latent is missing, or one has the wrong length.
    """
    first = spec.ports[0].name
    for port in spec.ports:
        latent = request.latents.get(port.name)
        if latent is None and port.name == first:
            raise ValueError(
                f"{spec.name}: the request has no latent '{first}'; route a trajectory to it"
            )
        if latent is not None and latent.shape != port.shape:
            found = f"latent '{port.name}' has shape {latent.shape}"
            raise ValueError(f"{spec.name}: {found}; it must be {port.shape}")


class Signed(NamedTuple):
    """Pixels from -1 to 1: a GPU brings them to 0..1 in the pass that finishes them."""

    pixels: Any


class Generator(Protocol):
    """What a generator's ``build(config, device)`` returns."""

    spec: Spec

    def render(self, request: Request, memory: Any) -> tuple[Any, Any]:
        """Render one request: pixels [shape=(1, 3 or 4, H, W)] in 0..1 and the new memory.

        Or finished ones: uint8 or uint16 [shape=(H, W, 4)], row 0 on top, straight alpha. The very
        same array as the time before is the same picture, and is not sent again.
        On a GPU pixels may be `Signed`.
        """
        ...
