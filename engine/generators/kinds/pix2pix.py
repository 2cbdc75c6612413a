"""Image-to-image networks (pix2pix): one answers what an image port sees.

Trained by ``latent-cinema train --pairs``; see `networks.pix2pix`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract
from engine.generators.contract import NO_NETWORKS, Asset, Networks
from engine.generators.cuda_graph import Graphs
from engine.generators.libraries import functional, torch
from engine.generators.memory import CONTEXT_BYTES, FLOAT_BYTES, PROCESS_BYTES
from engine.generators.networks.pix2pix import draw, noise_of
from engine.generators.pictures import seen
from engine.models import card
from engine.models.network import PIX2PIX, Network
from engine.models.pix2pix_shape import Shape, shape_of

MIN_PX, MAX_PX = 32, 512
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PIECES = 12  # activations at full size that are alive at a time, measured
_KEPT_NOISES = 64
_SOFT_PX = 5  # what is coarser than this, `detail` leaves alone

PARAMETERS = (
    contract.number("style", 1.0, 0.0, 2.0, "How far z is followed; 0 is the average answer."),
    contract.number("noise", 1.0, 0.0, 4.0, "Strength of the fine chance detail; 1 is as trained."),
    contract.number("detail", 1.0, 0.0, 3.0, "Contrast of what is fine; 1 is as drawn."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        The model: a ``.safetensors`` file that ``latent-cinema train --pairs`` wrote.
    blank
        Colour that is seen where the image port sees nothing: ``#rrggbb``.
    """

    path: str
    blank: str = "#2a7fe0"


def files(config: Config) -> tuple[Asset, ...]:
    """List the network."""
    return (Asset("path", config.path, family=PIX2PIX),)


def spec(config: Config, networks: Networks = NO_NETWORKS) -> Spec:
    """Describe the model without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such model, it is of another family, or `blank` is no colour.
    """
    return _describe(_network(config, networks), config)


def memory_bytes(config: Config, device: str, networks: Networks = NO_NETWORKS) -> int:
    """Estimate the memory of a process that plays the model at its largest size."""
    network = _network(config, networks)
    shape = shape_of(network.modules[""])
    widest = max(width / 4**level for level, width in enumerate(shape.widths))
    weights = sum(tensor.size for tensor in network.state.values())
    floats: int = 3 * weights + _PIECES * round(widest * MAX_PX**2)
    return (PROCESS_BYTES if device == "cpu" else CONTEXT_BYTES) + FLOAT_BYTES * floats


def _network(config: Config, networks: Networks) -> Network:
    return networks.get("path") or card.open_model(config.path, PIX2PIX)


def _describe(network: Network, config: Config) -> Spec:
    _blank(config)
    shape = shape_of(network.modules[""])
    side = int(network.modules[""]["img_resolution"])
    return Spec(
        name=PIX2PIX,
        ports=(Port("z", "gaussian", (shape.z_dim,)), Port("image", "image", (3, side, side))),
        layers=tuple(name for name, _, _ in shape.styled),
        parameters=PARAMETERS,
        min_px=MIN_PX,
        max_px=MAX_PX,
        licence=network.licence,
        provenance=network.origin or "unknown",
    )


def _blank(config: Config) -> NDArray[np.uint8]:
    """Return the colour where nothing is seen as a picture [shape=(1, 1, 3)]."""
    if not _COLOUR.fullmatch(config.blank):
        raise ValueError(f"config.blank: '{config.blank[:20]}' is no colour; write it as #2a7fe0")
    return np.frombuffer(bytes.fromhex(config.blank[1:]), np.uint8).reshape(1, 1, 3)


@dataclass(frozen=True, slots=True)
class GraphInputs:
    """All that a picture of one size depends on, see `Generator.graph_inputs`."""

    source: torch.Tensor
    code: torch.Tensor
    noise: torch.Tensor
    detail: torch.Tensor

    def tensors(self) -> list[torch.Tensor]:
        """All of them, in order."""
        return [self.source, self.code, self.noise, self.detail]


@dataclass(frozen=True, slots=True)
class Generator:
    """A built network, and a `blank` [shape=(1, 1, 3)] where nothing is seen. Stateless."""

    spec: Spec
    shape: Shape
    weights: Mapping[str, torch.Tensor]
    blank: NDArray[np.uint8]
    device: str
    graphs: Graphs = field(default_factory=Graphs)
    _noises: dict[tuple[int, int, int], torch.Tensor] = field(default_factory=dict)

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 3, H, W)] in 0..1, sRGB, row 0 top.

        Raises
        ------
        ValueError
            If ``z`` is missing or has the wrong shape, or what the port sees is no picture.
        """
        contract.check(self.spec, request)
        with torch.inference_mode():
            given = self.graph_inputs(request)
            picture = None
            if self.graphs.is_on:
                picture = self.graphs.draw(
                    request.size_px, lambda x: self.draw_graph(x, request.size_px), given,
                    self.device,
                )  # fmt: skip
            if picture is None:
                here = GraphInputs(*(tensor.to(self.device) for tensor in given.tensors()))
                picture = self.draw_graph(here, request.size_px)
            return picture, memory

    def warm_up(self, clock: object = None) -> None:  # noqa: ARG002 -- the contract's
        """Play by captured graphs from now on, where the device has them."""
        if self.device.startswith("cuda"):
            self.graphs.is_on = True

    def graph_inputs(self, request: Request) -> GraphInputs:
        """Everything that changes from picture to picture, in main memory."""
        controls = contract.complete(self.spec, request.parameters)
        z = np.nan_to_num(request.latents["z"].astype(np.float32).clip(-1e3, 1e3))
        return GraphInputs(
            self._source(request),
            torch.from_numpy(z * np.float32(controls["style"]))[None],
            torch.tensor(controls["noise"]),
            torch.tensor(controls["detail"]),
        )

    def draw_graph(self, given: GraphInputs, size_px: tuple[int, int]) -> torch.Tensor:
        """Draw `graph_inputs` in a size: no number is looked at on the way."""
        source = given.source.contiguous(memory_format=torch.channels_last)
        gains = [given.noise] * len(self.shape.widths)
        picture = draw(self.shape, self.weights, source, given.code, self._noise, gains)
        if source.device.type != "cpu" or float(given.detail) != 1.0:
            sharp = _sharpen(picture, given.detail)
            picture = torch.where(given.detail == 1.0, picture, sharp)
        width, height = size_px
        if picture.shape[2:] != (height, width):
            picture = _resize(picture, width, height)
        return (picture * 0.5 + 0.5).clamp(0, 1)

    def _source(self, request: Request) -> torch.Tensor:
        """What the port sees, in the size that is drawn [shape=(1, 3, H, W)], -1 to 1; here."""
        found = seen(PIX2PIX, request, "image", self.blank)
        unit = self.shape.unit_px
        width, height = (max(-(-side // unit), 1) * unit for side in request.size_px)
        picture = torch.from_numpy(np.array(found))
        picture = picture.permute(2, 0, 1)[None].float() / 127.5 - 1
        if picture.shape[2:] == (1, 1):
            picture = picture.expand(-1, -1, height, width)
        elif picture.shape[2:] != (height, width):
            picture = _resize(picture, width, height)
        return picture.contiguous()

    def _noise(self, index: int, height: int, width: int) -> torch.Tensor:
        key = (index, height, width)
        found = self._noises.get(key)
        if found is None:
            if len(self._noises) >= _KEPT_NOISES:  # sizes change seldom
                self._noises.clear()
            found = torch.from_numpy(noise_of(*key)).to(self.device)
            self._noises[key] = found
        return found


def _resize(picture: torch.Tensor, width: int, height: int) -> torch.Tensor:
    return functional.interpolate(picture, (height, width), mode="bilinear", antialias=True)


def _sharpen(picture: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """Change the contrast of what is fine."""
    soft = functional.avg_pool2d(picture, _SOFT_PX, 1, _SOFT_PX // 2, count_include_pad=False)
    return soft + (picture - soft) * gain


def build(config: Config, device: str = "cpu", networks: Networks = NO_NETWORKS) -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If there is no such model, it is of another family, or it is damaged.
    """
    network = card.checked(_network(config, networks), Path(config.path).name)
    layout = partial(torch.Tensor.contiguous, memory_format=torch.channels_last)
    weights: dict[str, Any] = {}
    for name, values in network.state.items():
        tensor = torch.from_numpy(np.array(values, np.float32)).to(device)
        weights[name] = layout(tensor) if tensor.ndim == 4 else tensor
    shape = shape_of(network.modules[""])
    return Generator(_describe(network, config), shape, weights, _blank(config), device)
