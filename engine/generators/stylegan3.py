"""StyleGAN3: alias-free networks that artists bring, on the shelf. StyleGAN-XL's are of its kind.

T. Karras et al., "Alias-free generative adversarial networks" (2021). Written from published facts;
weights come from a model file, see `card`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Parameter
from engine.core.port import Request, Spec
from engine.generators import styling
from engine.generators.layers import Source
from engine.generators.mapping import Mapping as MappingNetwork
from engine.generators.mapping import read_mapping
from engine.generators.modulation import Bend
from engine.generators.network import STYLEGAN3, Network
from engine.generators.stylegan3_network import Synthesis, read_synthesis, synthesize

if TYPE_CHECKING:
    import torch

    from engine.generators.stylegan3_cpu import Painter

PLACE = (
    styling.number("translate_x", 0.0, -1.0, 1.0, "Moves the picture right, in its widths."),
    styling.number("translate_y", 0.0, -1.0, 1.0, "Moves the picture down, in its heights."),
    styling.number("rotate", 0.0, -math.pi, math.pi, "Turns the picture clockwise.", "rad"),
    styling.number("zoom", 1.0, 0.25, 4.0, "2 is twice as near."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    path
        The model: a ``.safetensors`` file that ``latent-cinema model import`` wrote.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Model:
    """A StyleGAN3 on a device.

    Parameters
    ----------
    mapping
        Its mapping network.
    synthesis
        Its synthesis network.
    painter
        The compiled CPU path, where it serves this network.
    """

    mapping: MappingNetwork
    synthesis: Synthesis
    painter: Painter | None

    @property
    def num_ws(self) -> int:
        """How many styles a picture takes."""
        return self.mapping.num_ws

    @property
    def z_dim(self) -> int:
        """Length of a latent."""
        return self.mapping.z_dim

    @property
    def w_dim(self) -> int:
        """Length of a style."""
        return self.mapping.w_dim

    @property
    def c_dim(self) -> int:
        """How many classes there are, 0 for none."""
        return self.mapping.c_dim

    @property
    def layer_names(self) -> tuple[str, ...]:
        """What each style steers, coarse to fine."""
        return ("input", *(layer.name for layer in self.synthesis.layers))

    def map(self, z: torch.Tensor, c: torch.Tensor | None = None) -> torch.Tensor:
        """Map latents to styles [shape=(N, w_dim)], see `mapping.Mapping.map`."""
        return self.mapping.map(z, c)

    def truncate(
        self,
        w: torch.Tensor,
        psi: float | torch.Tensor = 1.0,
        cutoff: int | None = None,
        c: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Pull styles towards their mean, see `mapping.Mapping.truncate`."""
        return self.mapping.truncate(w, psi, cutoff, c)

    def synthesize(
        self,
        ws: torch.Tensor,
        noise_mode: str = "const",
        transform: torch.Tensor | None = None,
        bend: Bend | None = None,
    ) -> torch.Tensor:
        """Draw styles as raw pictures [shape=(N, 3, H, W)], see `stylegan3_network.synthesize`.

        There is no noise in these networks: `noise_mode` changes nothing.

        Raises
        ------
        ValueError
            If the noise mode is unknown or the styles do not fit.
        """
        if noise_mode not in ("const", "none"):
            raise ValueError(f"stylegan3: '{noise_mode:.40}' is no noise mode; say const or none")
        if ws.ndim != 3 or tuple(ws.shape[1:]) != (self.num_ws, self.w_dim):
            needed = f"(N, {self.num_ws}, {self.w_dim})"
            raise ValueError(f"stylegan3: styles of shape {tuple(ws.shape)}; {needed} is needed")
        if self.painter is None or bend is not None or ws.requires_grad:
            return synthesize(self.synthesis, ws, transform, bend)
        from engine.generators.stylegan3_cpu import paint

        return paint(self.painter, ws, transform)


def build_network(
    state: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]], device: str = "cpu"
) -> Model:
    """Build the network from tensors and the attributes of its modules; see `layers.Source`.

    float16 layers run in float16 on CUDA only (UNTESTED: no GPU here).

    Raises
    ------
    ValueError
        If a tensor or an attribute is missing.
    """
    source = Source(state, modules, device)
    synthesis = read_synthesis(source, half=device.startswith("cuda"))
    painter = None
    if device == "cpu":
        from engine.generators.stylegan3_cpu import prepare

        painter = prepare(synthesis)
    return Model(read_mapping(source, synthesis.num_ws), synthesis, painter)


def input_transform(controls: Mapping[str, float]) -> NDArray[np.float32]:
    """Matrix [shape=(3, 3)] that the coordinates take: the inverse of the picture's transform."""
    c, s = math.cos(controls["rotate"]), math.sin(controls["rotate"])
    zoom, x, y = controls["zoom"], controls["translate_x"], controls["translate_y"]
    moved = np.array([[zoom * c, -zoom * s, x], [zoom * s, zoom * c, y], [0, 0, 1]])
    inverse: NDArray[np.float32] = np.linalg.inv(moved).astype(np.float32)
    return inverse


def spec(config: Config) -> Spec:
    """Describe the model without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such model, or it is no StyleGAN3.
    """
    return _describe(styling.open_model(config.path, STYLEGAN3))


def _describe(network: Network) -> Spec:
    names = [str(name) for name in styling.attribute(network.modules, "synthesis", "layer_names")]
    last = styling.attribute(network.modules, f"synthesis.{names[-1]}", "out_size")
    side_px = int(max(last) if isinstance(last, list | tuple) else last)
    more: tuple[Parameter, ...] = PLACE
    return styling.describe(network, ["input", *names], more, side_px)


def _groups(count: int) -> list[str]:
    """Thirds: in these networks every layer changes shapes and textures alike, but for scale."""
    return [styling.GROUPS[min(3 * place // count, 2)] for place in range(count)]


@dataclass(frozen=True, slots=True)
class Generator:
    """A built StyleGAN3. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    model: Model
    device: str

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 3, H, W)] in 0..1, sRGB, row 0 top.

        Raises
        ------
        ValueError
            If ``z`` is missing, or a latent has the wrong length.
        """
        import torch

        styling.check(self.spec, request)
        controls = styling.complete(self.spec, request.parameters)
        with torch.inference_mode():
            groups = _groups(self.model.num_ws)
            ws = styling.style(self.model.mapping, request, controls, groups)
            transform = None
            if any(controls[p.address] != p.default for p in PLACE):
                transform = torch.from_numpy(input_transform(controls)).to(self.device)
            picture = self.model.synthesize(ws, transform=transform)
            return styling.present(picture, request.size_px), memory


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN3, or it is damaged.
    """
    network = styling.open_model(config.path, STYLEGAN3)
    model = build_network(network.state, network.modules, device)
    return Generator(_describe(network), model, device)
