"""StyleGAN3 networks that artists bring: alias-free ones, StyleGAN-XL's among them.

T. Karras et al., "Alias-free generative adversarial networks" (2021). Written from published facts;
weights come from a model file, see `models.card`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.core.show.generator import Request, Spec
from engine.generators import contract
from engine.generators.contract import NO_NETWORKS, Asset, Networks, Signed
from engine.generators.editing.bend import ActiveBends, BendRuntime
from engine.generators.editing.bend_plan import plan_of
from engine.generators.editing.edit_directions import NO_EDITS, EditDirections, widened
from engine.generators.libraries import torch
from engine.generators.networks.dense import Source
from engine.generators.networks.mapping import read_mapping
from engine.generators.networks.modulation import Bend
from engine.generators.networks.style_map import Grid, Size
from engine.generators.networks.stylegan3 import Synthesis, features, inner_size, synthesize
from engine.generators.networks.stylegan3_weights import read_rest, read_synthesis
from engine.generators.stylegan import canvas as canvases
from engine.generators.stylegan import controls as family_controls
from engine.generators.stylegan import memory as model_size
from engine.generators.stylegan import model as family
from engine.generators.stylegan import second_network
from engine.generators.stylegan import stylegan3_spec as specs
from engine.generators.stylegan.canvas import Canvas
from engine.generators.stylegan.drawing import Drawing, aspects
from engine.generators.stylegan.gradients import Differentiable
from engine.generators.stylegan.weight_blend import WeightInterpolation
from engine.models.network import STYLEGAN3, Network

if TYPE_CHECKING:
    from engine.generators.cpu.stylegan3 import CpuBackend

PLACE = (
    contract.number("translate_x", 0.0, -1.0, 1.0, "Moves the picture right, in its widths."),
    contract.number("translate_y", 0.0, -1.0, 1.0, "Moves the picture down, in its heights."),
    contract.number("rotate", 0.0, -math.pi, math.pi, "Turns the picture clockwise.", "rad"),
    contract.number("zoom", 1.0, 0.25, 4.0, "2 is twice as near."),
)


@dataclass(frozen=True, slots=True)
class Config(Canvas):
    """What a show may say about this generator; see `canvas.Canvas`."""


@dataclass(frozen=True, slots=True)
class Model(family.FamilyModel):
    """A StyleGAN3 on a device."""

    family = STYLEGAN3
    synthesis: Synthesis
    cpu_backend: CpuBackend | None

    @property
    def layer_names(self) -> tuple[str, ...]:
        """What each style steers, coarse to fine."""
        return ("input", *(layer.name for layer in self.synthesis.layers))

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each layer."""
        return tuple(specs.groups(self.num_ws))

    @property
    def raw_size(self) -> Size:
        """Height and width of what the synthesis draws."""
        waves, rate = self.synthesis.waves, self.synthesis.waves.rate
        for layer in self.synthesis.layers:
            rate *= layer.up / layer.down
        return inner_size(waves, rate)

    def features(self, ws: torch.Tensor, width: float, *more: Any) -> torch.Tensor:
        """Return features no wider than `width`, see `networks.stylegan3.features`."""
        return features(self.synthesis, ws, width, *more)

    def synthesize(
        self,
        ws: torch.Tensor,
        noise_mode: str = "const",
        transform: torch.Tensor | None = None,
        bend: Bend | None = None,
        grid: Grid | None = None,
    ) -> torch.Tensor:
        """Draw styles as raw pictures [shape=(N, 3, H, W)], see `networks.stylegan3.synthesize`.

        There is no noise in these networks: `noise_mode` changes nothing.

        Raises
        ------
        ValueError
            If the noise mode is unknown or the styles do not fit.
        """
        self.check(ws, noise_mode)
        if (bend is not None and not isinstance(bend, ActiveBends)) or (
            self.cpu_backend is None or ws.requires_grad
        ):
            return synthesize(self.synthesis, ws, transform, bend, grid)
        if grid is not None:
            from engine.generators.cpu.stylegan_wall import render_stylegan3

            return render_stylegan3(self.cpu_backend, ws, transform, grid, bend)
        from engine.generators.cpu.stylegan3 import render

        return render(self.cpu_backend, ws, transform, bend)


def build_network(
    state: Mapping[str, Any],
    modules: Mapping[str, Mapping[str, Any]],
    device: str = "cpu",
    extent: tuple[float, float] = (1.0, 1.0),
    edit_directions: EditDirections = NO_EDITS,
    half: bool = True,
) -> Model:
    """Build the network from tensors and the attributes of its modules; see `dense.Source`.

    float16 layers run in float16 on CUDA only, and if `half` lets them (UNTESTED: no GPU here).

    Parameters
    ----------
    extent
        Height and width of the picture in trained ones: the waves go on.
    edit_directions
        Named directions that it can be moved along.

    Raises
    ------
    ValueError
        If a tensor or an attribute is missing.
    """
    source = Source(state, modules, device)
    synthesis = read_synthesis(source, half=half and device.startswith("cuda"), extent=extent)
    synthesis = widened(synthesis, edit_directions)
    cpu_backend = None
    if device == "cpu":
        from engine.generators.cpu.stylegan3 import prepare

        cpu_backend = prepare(synthesis)
    return Model(read_mapping(source, synthesis.num_ws, edit_directions), synthesis, cpu_backend)


def files(config: Config) -> tuple[Asset, ...]:
    """List the network, with what lies beside it, and the other one."""
    return config.files(STYLEGAN3, "clusters", "directions")


def spec(config: Config, networks: Networks = NO_NETWORKS) -> Spec:
    """Describe the model without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN3, or it cannot fill this canvas.
    """
    return _describe(*second_network.open_networks(config, STYLEGAN3, networks), config)


def memory_bytes(config: Config, device: str, networks: Networks = NO_NETWORKS) -> int:
    """Estimate the memory of a process that plays the model, see `memory.memory_bytes`."""
    network, _ = second_network.open_networks(config, STYLEGAN3, networks)
    return model_size.memory_bytes(network, config, device)


def _describe(network: Network, other: Network | None, canvas: Canvas) -> Spec:
    rate = float(family_controls.attribute(network.modules, "synthesis.input", "sampling_rate"))
    canvases.check(canvas, rate)
    if canvas.closed:
        specs.check_margin(network, rate)
    second_network.check(network, other, canvas, specs.prefixes(network))
    layers = ["input", *specs.names(network)]
    more = [*PLACE, *second_network.parameters(canvas, specs.parts(len(layers)))]
    groups = specs.groups(len(layers))
    return family.make_spec(network, canvas, layers, more, specs.trained_px(network), groups)


@dataclass(frozen=True, slots=True)
class Generator(Differentiable):
    """A built StyleGAN3. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    model: Model
    drawing: Drawing
    interpolation: WeightInterpolation | None = None
    mixed: tuple[str, ...] = ()

    def render(
        self, request: Request, memory: object = None
    ) -> tuple[torch.Tensor | Signed, object]:
        """Draw one frame: pixels [shape=(1, 3, H, W)] in 0..1, sRGB, row 0 top.

        Raises
        ------
        ValueError
            If ``z`` is missing, or a latent has the wrong shape.
        """
        with torch.inference_mode():
            return self.drawing.render(self.inputs(request), request.size_px), memory

    def inputs(self, request: Request) -> family.Inputs:
        """Turn a request into tensors in main memory, see `model.make_inputs`."""
        controls = contract.complete(self.spec, request.parameters)
        if self.interpolation is not None:
            with torch.no_grad():
                shares = second_network.shares(controls, self.mixed, specs.parts(self.model.num_ws))
                self.interpolation.set(1.0, shares)
        transform = self.drawing.rest
        if any(controls[p.address] != p.default for p in PLACE):
            translate = controls["translate_x"], controls["translate_y"]
            matrix = specs.input_transform(translate, controls["rotate"], controls["zoom"])
            transform = torch.from_numpy(matrix)
        bends = self.drawing.bends.numbers(controls)
        return family.make_inputs(self.model, self.spec, request, controls, transform, bends)


def build(config: Config, device: str = "cpu", networks: Networks = NO_NETWORKS) -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN3, or it is damaged.
    """
    network, other = second_network.open_networks(config, STYLEGAN3, networks)
    described = _describe(network, other, config)
    extent = (config.high, config.wide)
    edit_directions = family.edit_directions_of(network, config, described.layers)
    built = partial(build_network, modules=network.modules, device=device, extent=extent,
                    edit_directions=edit_directions, half=other is None)  # fmt: skip
    model = built(network.state)
    interpolation = WeightInterpolation(model, None, built(other.state)) if other else None
    rest = read_rest(Source(network.state, network.modules, "cpu"))  # a graph takes it from there
    plan = plan_of(network, config.path, config.bends, list(described.layers))
    bends = BendRuntime(plan, device, aspects(model, config.grid) if config.bends else {})
    drawing = Drawing(model, config, specs.trained_px(network), device, rest, bends)
    mixed = second_network.parts(config, specs.parts(model.num_ws))
    return Generator(described, model, drawing, interpolation, tuple(mixed))
