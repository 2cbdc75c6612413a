"""StyleGAN2: networks that artists bring, on the shelf.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020). Written from
published facts; weights come from a model file, see `card`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.parameter import Parameter
from engine.core.port import Request, Spec
from engine.generators import styling
from engine.generators.layers import Source
from engine.generators.mapping import Mapping as MappingNetwork
from engine.generators.mapping import read_mapping
from engine.generators.modulation import Bend
from engine.generators.network import STYLEGAN2, Network
from engine.generators.stylegan2_network import Synthesis, read_synthesis, synthesize

if TYPE_CHECKING:
    import torch

    from engine.generators.stylegan2_cpu import Painter


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
    """A StyleGAN2 on a device.

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
        """What each style steers, coarse to fine; a block's colours share the next one's style."""
        blocks = self.synthesis.blocks
        names = [layer.name for block in blocks for layer in block.layers]
        return (*names, f"{blocks[-1].name}.torgb")

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
        noise_strengths: torch.Tensor | None = None,
        bend: Bend | None = None,
    ) -> torch.Tensor:
        """Draw styles as raw pictures [shape=(N, 3, H, W)], see `stylegan2_network.synthesize`.

        Raises
        ------
        ValueError
            If the noise mode is unknown or the styles do not fit.
        """
        if noise_mode not in ("const", "none"):
            raise ValueError(f"stylegan2: '{noise_mode:.40}' is no noise mode; say const or none")
        if ws.ndim != 3 or tuple(ws.shape[1:]) != (self.num_ws, self.w_dim):
            needed = f"(N, {self.num_ws}, {self.w_dim})"
            raise ValueError(f"stylegan2: styles of shape {tuple(ws.shape)}; {needed} is needed")
        if self.painter is None or bend is not None or ws.requires_grad:
            return synthesize(self.synthesis, ws, noise_mode, noise_strengths, bend)
        from engine.generators.stylegan2_cpu import paint

        return paint(self.painter, ws, noise_mode == "const", noise_strengths)


def build_network(
    state: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]], device: str = "cpu"
) -> Model:
    """Build the network from tensors and the attributes of its modules; see `layers.Source`.

    float16 blocks run in float16 on CUDA only (UNTESTED: no GPU here).

    Raises
    ------
    ValueError
        If a tensor is missing or an attribute is unknown.
    """
    source = Source(state, modules, device)
    synthesis = read_synthesis(source, half=device.startswith("cuda"))
    painter = None
    if device == "cpu":
        from engine.generators.stylegan2_cpu import prepare

        painter = prepare(synthesis)
    return Model(read_mapping(source, synthesis.num_ws), synthesis, painter)


def spec(config: Config) -> Spec:
    """Describe the model without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such model, or it is no StyleGAN2.
    """
    return _describe(styling.open_model(config.path, STYLEGAN2))


def _describe(network: Network) -> Spec:
    names = _blocks(network)
    layers = [
        f"{name}.{part}"
        for name in names
        for part in ("conv0", "conv1")
        if f"synthesis.{name}.{part}.weight" in network.state
    ]
    _, height, width = network.state["synthesis.b4.const"].shape[-3:]
    side_px = max(height, width) << (len(names) - 1)
    return styling.describe(network, [*layers, f"{names[-1]}.torgb"], _noises(names), side_px)


def _blocks(network: Network) -> list[str]:
    names = {key.split(".")[1] for key in network.state if key.startswith("synthesis.b")}
    return sorted(names, key=lambda name: int(name[1:]))


def _noises(names: list[str]) -> list[Parameter]:
    text = "Strength of the fine chance detail at {} px; 1 is as trained."
    return [
        styling.number(f"noise_{name[1:]}", 1.0, 0.0, 4.0, text.format(name[1:])) for name in names
    ]


def _group(layer: str) -> str:
    resolution = int(layer[1:].partition(".")[0])
    return "coarse" if resolution <= 8 else "middle" if resolution <= 32 else "fine"


@dataclass(frozen=True, slots=True)
class Generator:
    """A built StyleGAN2. Stateless: `render` hands its memory back untouched."""

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
        groups = [_group(layer) for layer in self.spec.layers]
        gains = [controls[f"noise_{block.name[1:]}"] for block in self.model.synthesis.blocks]
        with torch.inference_mode():
            ws = styling.style(self.model.mapping, request, controls, groups)
            strengths = None
            if any(gain != 1.0 for gain in gains):
                strengths = torch.tensor(gains, device=self.device)
            picture = self.model.synthesize(ws, "const", strengths)
            return styling.present(picture, request.size_px), memory


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN2, or it is damaged.
    """
    network = styling.open_model(config.path, STYLEGAN2)
    model = build_network(network.state, network.modules, device)
    return Generator(_describe(network), model, device)
