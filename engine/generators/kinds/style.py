"""Style networks: one paints what an image port sees, in a mixture of styles.

The mixture is a simplex whose corners are styles: those that the network has learnt, or those of
any pictures. A network for any style that is given no pictures paints in the style of what its
port ``sample`` sees. See `networks.style`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract
from engine.generators.contract import NO_NETWORKS, Asset, Networks
from engine.generators.libraries import functional, torch
from engine.generators.memory import CONTEXT_BYTES, FLOAT_BYTES, PROCESS_BYTES
from engine.generators.networks.style import LOOK_PX, UNIT_PX, look, paint
from engine.generators.pictures import Picture, fitted, read_pictures, seen
from engine.models import card
from engine.models.network import STYLE, Network
from engine.models.style_shape import Shape, shape_of
from engine.system.untrusted import read_bytes

MIN_PX, MAX_PX = 32, 1024
_LARGEST_BYTES = 512 << 20  # of a picture's file
MOST_STYLES, MOST_POINTS = 64, 16
_PIECES = 4  # activations at full size that are alive at a time
_BLANK: Picture = np.zeros((1, 1, 3), np.uint8)
_LIGHT = (0.2126, 0.7152, 0.0722)

PARAMETERS = (
    contract.number("purity", 2.0, 1.0, 8.0, "How much the strongest style of a mixture prevails."),
    contract.number(
        "strength", 1.0, 0.0, 2.0,
        "How far the style is followed; 0 is the average of all, or the picture's own.",
    ),
    contract.number("colour", 0.0, 0.0, 1.0, "How much of the colours of what it sees stays."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        The network, ``networks/painted.safetensors`` or ``networks/any-style.safetensors``.
    styles
        Pictures whose styles are the corners of the simplex: of a network for any style.
    points
        How many mixtures stand side by side, each at a place of its own from edge to edge.
    """

    path: str
    styles: tuple[str, ...] = ()
    points: int = 1


def files(config: Config) -> tuple[Asset, ...]:
    """List the network and the pictures."""
    pictures = [Asset(f"styles.{k}", path, "style picture") for k, path in enumerate(config.styles)]
    return (Asset("path", config.path, family=STYLE), *pictures)


def spec(config: Config, networks: Networks = NO_NETWORKS) -> Spec:
    """Describe the network without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such network, it is of another family, or the styles do not go with it.
    """
    return _describe(_network(config, networks), config)


def memory_bytes(config: Config, device: str, networks: Networks = NO_NETWORKS) -> int:
    """Estimate the memory of a process that paints at the largest size."""
    network = _network(config, networks)
    shape = shape_of(network.modules[""])
    weights = sum(tensor.size for tensor in network.state.values())
    floats: int = 2 * weights + _PIECES * max(shape.down[0], *shape.up) * MAX_PX**2
    return (PROCESS_BYTES if device == "cpu" else CONTEXT_BYTES) + FLOAT_BYTES * floats


def _network(config: Config, networks: Networks) -> Network:
    return networks.get("path") or card.open_model(config.path, STYLE)


def _describe(network: Network, config: Config) -> Spec:
    shape = shape_of(network.modules[""])
    if not 1 <= config.points <= MOST_POINTS:
        raise ValueError(f"config.points: {config.points} is outside 1 to {MOST_POINTS}")
    if shape.styles and config.styles:
        raise ValueError(
            f"config.styles: {Path(config.path).name} has {shape.styles} styles of its own; "
            "pictures as styles are for a network for any style, as networks/any-style.safetensors"
        )
    if len(config.styles) > MOST_STYLES:
        raise ValueError(f"config.styles: {len(config.styles)} pictures; at most {MOST_STYLES}")
    for path in config.styles:
        if not Path(path).is_file():
            raise ValueError(f"config.styles: there is no file {path}; give a picture's path")
    count, side = shape.styles or len(config.styles), int(network.modules[""]["img_resolution"])
    size = (count,) if config.points == 1 else (config.points, count)
    mixture = (Port("style", "simplex", size),) if count else ()
    sample = () if count else (Port("sample", "image", (3, LOOK_PX, LOOK_PX)),)
    return Spec(
        name=STYLE,
        ports=(*mixture, Port("image", "image", (3, side, side)), *sample),
        layers=tuple(shape.styled),
        parameters=PARAMETERS,
        min_px=MIN_PX,
        max_px=MAX_PX,
        differentiable=False,
        licence=network.licence,
        provenance=network.origin or "unknown",
    )


@dataclass(frozen=True, slots=True)
class Generator:
    """A built network. Stateless: `render` hands its memory back untouched.

    `corners` are the codes of the styles [shape=(N, code)]; None: the port ``sample`` has it.
    """

    spec: Spec
    shape: Shape
    weights: dict[str, torch.Tensor]
    corners: torch.Tensor | None
    device: str

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Paint one frame: pixels [shape=(1, 3, H, W)] in 0..1, sRGB, row 0 top.

        Raises
        ------
        ValueError
            If the mixture is missing or has the wrong shape, or a port sees what is no picture.
        """
        if self.corners is not None:
            contract.check(self.spec, request)
        controls = contract.complete(self.spec, request.parameters)
        width, height = request.size_px
        with torch.inference_mode():
            source = self._seen(request, "image", request.size_px)
            code = self._code(request, controls["purity"])
            if controls["strength"] != 1.0:
                code = torch.lerp(self._plain(request), code, controls["strength"])
            x = functional.pad(source, [0, -width % UNIT_PX, 0, -height % UNIT_PX], "replicate")
            x = x.to(self.weights["down0.weight"].dtype, memory_format=torch.channels_last)
            picture = paint(self.shape, self.weights, x, code)[..., :height, :width].float()
            if controls["colour"] > 0.0:
                picture = _coloured(picture, source, controls["colour"])
            return picture.contiguous(), memory

    def _seen(self, request: Request, port: str, size_px: tuple[int, int]) -> torch.Tensor:
        return fitted(seen(STYLE, request, port, _BLANK), size_px, self.device)

    def _look(self, request: Request, port: str) -> torch.Tensor:
        """Read the style of what a port sees [shape=(1, code)]."""
        return look(self.weights, self._seen(request, port, (LOOK_PX, LOOK_PX)))

    def _plain(self, request: Request) -> torch.Tensor:
        """The style that is none: the average of those learnt, or that of the picture itself."""
        if self.corners is not None and self.shape.styles:
            return self.corners.mean(0, keepdim=True)
        return self._look(request, "image")

    def _code(self, request: Request, purity: float) -> torch.Tensor:
        """Codes side by side [shape=(points, code)]."""
        if self.corners is None:
            return self._look(request, "sample")
        parts = np.nan_to_num(request.latents["style"].astype(np.float64)).clip(1e-12, 1e6)
        parts = np.atleast_2d(parts / parts.max(-1, keepdims=True)) ** purity
        parts = parts[: 1 if (parts == parts[0]).all() else None]  # one style needs no map
        mixture = torch.from_numpy((parts / parts.sum(-1, keepdims=True)).astype(np.float32))
        return mixture.to(self.device) @ self.corners


def _coloured(picture: torch.Tensor, source: torch.Tensor, share: float) -> torch.Tensor:
    """Give a painting the colours of what it shows; its light stays."""
    apart = source - picture
    light = sum(part * apart[:, k : k + 1] for k, part in enumerate(_LIGHT))
    return (picture + share * (apart - light)).clamp(0, 1)


def build(config: Config, device: str = "cpu", networks: Networks = NO_NETWORKS) -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    On CUDA pictures are painted in float16; styles and norms stay float32 (UNTESTED: no GPU here).

    Raises
    ------
    ValueError
        If there is no such network, it is of another family or damaged, or a style is no picture.
    """
    network = card.checked(_network(config, networks), Path(config.path).name)
    described, shape = _describe(network, config), shape_of(network.modules[""])
    layout = partial(torch.Tensor.contiguous, memory_format=torch.channels_last)
    weights: dict[str, torch.Tensor] = {}
    for name, values in network.state.items():
        tensor = torch.from_numpy(np.array(values, np.float32)).to(device)
        weights[name] = layout(tensor) if tensor.ndim == 4 else tensor
    if device.startswith("cuda"):
        halved = [name for name in weights if name.startswith(("down", "core", "up", "colour"))]
        weights |= {name: weights[name].half() for name in halved}
    with torch.inference_mode():
        corners = torch.eye(shape.styles, device=device) if shape.styles else None
        if config.styles:
            size = (LOOK_PX, LOOK_PX)
            pictures = [fitted(each, size, device) for each in _read(config.styles)]
            corners = torch.cat([look(weights, picture) for picture in pictures])
    return Generator(described, shape, weights, corners, device)


def _read(paths: Sequence[str]) -> list[Picture]:
    found: list[Picture] = []
    try:
        for picture in read_pictures([read_bytes(Path(path), _LARGEST_BYTES) for path in paths]):
            found.append(picture)
    except OSError as error:
        raise ValueError(f"config.styles: {error.filename}: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"config.styles: {paths[len(found)]}: {error}") from None
    return found
