"""StyleGAN2 networks that artists bring.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020). Written from
published facts; weights come from a model file, see `models.card`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
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
from engine.generators.networks.stylegan2 import Synthesis, features, synthesize
from engine.generators.networks.stylegan2_weights import read_synthesis
from engine.generators.stylegan import canvas as canvases
from engine.generators.stylegan import memory as model_size
from engine.generators.stylegan import model as family
from engine.generators.stylegan import second_network
from engine.generators.stylegan import stylegan2_spec as specs
from engine.generators.stylegan.canvas import Canvas
from engine.generators.stylegan.drawing import Drawing
from engine.generators.stylegan.gradients import Differentiable
from engine.generators.stylegan.noise_motion import NoiseMotion
from engine.generators.stylegan.weight_blend import TrainingSnapshots, WeightInterpolation
from engine.models.network import STYLEGAN2
from engine.models.sidecars import snapshots

if TYPE_CHECKING:
    from engine.generators.cpu.stylegan2 import CpuBackend


@dataclass(frozen=True, slots=True)
class Config(Canvas):
    """What a show may say about this generator; see `canvas.Canvas`.

    Parameters
    ----------
    repeats
        Beyond the trained picture the learned start is repeated (faces side by side); else it goes
        on afresh (landscapes, textures), and nothing recurs.
    moving_noise
        Whether its chance detail can move, on a path of its own: see `noise_motion`.
    """

    repeats: bool = False
    moving_noise: bool = False


@dataclass(frozen=True, slots=True)
class Model(family.FamilyModel):
    """A StyleGAN2 on a device."""

    family = STYLEGAN2
    synthesis: Synthesis
    cpu_backend: CpuBackend | None

    @property
    def layer_names(self) -> tuple[str, ...]:
        """What each style steers, coarse to fine; a block's colours share the next one's style."""
        blocks = self.synthesis.blocks
        names = [layer.name for block in blocks for layer in block.layers]
        return (*names, f"{blocks[-1].name}.torgb")

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each layer."""
        return tuple(specs.group(name) for name in self.layer_names)

    @property
    def raw_size(self) -> Size:
        """Height and width of what the synthesis draws."""
        doublings = len(self.synthesis.blocks) - 1
        height, width = self.synthesis.const.shape[-2:]
        return height << doublings, width << doublings

    def features(self, ws: torch.Tensor, width: float, *more: Any) -> torch.Tensor:
        """Return features no wider than `width`, see `networks.stylegan2.features`."""
        return features(self.synthesis, ws, width, *more)

    def synthesize(
        self,
        ws: torch.Tensor,
        noise_mode: str = "const",
        noise_strengths: torch.Tensor | None = None,
        bend: Bend | None = None,
        grid: Grid | None = None,
    ) -> torch.Tensor:
        """Draw styles as raw pictures [shape=(N, 3, H, W)], see `networks.stylegan2.synthesize`.

        Raises
        ------
        ValueError
            If the noise mode is unknown or the styles do not fit.
        """
        self.check(ws, noise_mode)
        if (bend is not None and not isinstance(bend, ActiveBends)) or (
            self.cpu_backend is None or ws.requires_grad
        ):
            return synthesize(self.synthesis, ws, noise_mode, noise_strengths, bend, grid)
        if grid is not None:
            from engine.generators.cpu.stylegan_wall import render_stylegan2

            return render_stylegan2(
                self.cpu_backend, ws, noise_mode == "const", noise_strengths, grid, bend
            )
        from engine.generators.cpu.stylegan2 import render

        return render(self.cpu_backend, ws, noise_mode == "const", noise_strengths, bend)


def build_network(
    state: Mapping[str, Any],
    modules: Mapping[str, Mapping[str, Any]],
    device: str = "cpu",
    start: Size | None = None,
    repeats: bool = True,
    edit_directions: EditDirections = NO_EDITS,
) -> Model:
    """Build the network from tensors and the attributes of its modules; see `dense.Source`.

    float16 blocks run in float16 on CUDA only (UNTESTED: no GPU here).

    Parameters
    ----------
    start
        Another height and width of the learned start: the picture grows with it.
    repeats
        Whether a larger start repeats the learned one, see `read_synthesis`.
    edit_directions
        Named directions that it can be moved along.

    Raises
    ------
    ValueError
        If a tensor is missing or an attribute is unknown.
    """
    half = device.startswith("cuda")
    source = Source(state, modules, device)
    return _prepared(_read(source, start, repeats, edit_directions, half=half), device)


def _read(
    source: Source,
    start: Size | None,
    repeats: bool,
    edit_directions: EditDirections,
    *,
    half: bool,
) -> Model:
    synthesis = read_synthesis(source, half=half, start=start, repeats=repeats)
    mapping = read_mapping(source, synthesis.num_ws, edit_directions)
    return Model(mapping, widened(synthesis, edit_directions), None)


def _prepared(model: Model, device: str) -> Model:
    """Give a model the compiled path, where it serves it."""
    if device != "cpu":
        return model
    from engine.generators.cpu.stylegan2 import prepare

    return replace(model, cpu_backend=prepare(model.synthesis))


def files(config: Config) -> tuple[Asset, ...]:
    """List the network, with what lies beside it, and the other one."""
    return config.files(STYLEGAN2, "ages", "clusters", "directions")


def spec(config: Config, networks: Networks = NO_NETWORKS) -> Spec:
    """Describe the model without building it, and without torch.

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN2, it cannot fill this canvas, or the ages that
        lie beside it are damaged or another's.
    """
    network, other = second_network.open_networks(config, STYLEGAN2, networks)
    found = snapshots.find(Path(config.path), network)
    return specs.describe(network, other, config, found, config.moving_noise)


def memory_bytes(config: Config, device: str, networks: Networks = NO_NETWORKS) -> int:
    """Estimate the memory of a process that plays the model, see `memory.memory_bytes`."""
    network, _ = second_network.open_networks(config, STYLEGAN2, networks)
    found = snapshots.find(Path(config.path), network)
    more = specs.maps_bytes(network, config) if config.moving_noise else 0
    return more + model_size.memory_bytes(
        network, config, device, len(found.shown if found else ())
    )


@dataclass(frozen=True, slots=True)
class Generator(Differentiable):
    """A built StyleGAN2. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    model: Model
    drawing: Drawing
    interpolation: WeightInterpolation | None = None
    mixed: tuple[str, ...] = ()
    moving: NoiseMotion | None = None

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
        """Turn a request into tensors, and the network to its age; see `model.make_inputs`."""
        controls = contract.complete(self.spec, request.parameters)
        blocks = {block.name[1:]: specs.group(block.name) for block in self.model.synthesis.blocks}
        with torch.no_grad():
            if self.moving is not None and self.interpolation is not None:
                self.moving.still()
            if self.interpolation is not None:
                shares = second_network.shares(controls, self.mixed, blocks)
                changed = self.interpolation.set(controls.get("age", 1.0), shares)
                if self.moving is not None and changed:
                    self.moving.keep()
            if self.moving is not None:
                self.moving.set(float(request.latents.get("noise", (0.0,))[0]), controls)
        more = torch.tensor([controls[f"noise_{name}"] for name in blocks])
        bends = self.drawing.bends.numbers(controls)
        return family.make_inputs(self.model, self.spec, request, controls, more, bends)


def build(config: Config, device: str = "cpu", networks: Networks = NO_NETWORKS) -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If there is no such model, it is no StyleGAN2, or it is damaged.
    """
    network, other = second_network.open_networks(config, STYLEGAN2, networks)
    found = snapshots.find(Path(config.path), network)
    described = specs.describe(network, other, config, found, config.moving_noise)
    height, width = specs.start(network)
    start = (canvases.grown(height, config.high), canvases.grown(width, config.wide))
    edit_directions = family.edit_directions_of(network, config, described.layers)

    def read(state: Mapping[str, Any], *, half: bool = False) -> Model:
        source = Source(state, network.modules, device)
        return _read(source, start, config.repeats, edit_directions, half=half)

    # Weights in half precision are scaled each for itself: ages do not blend there.
    half = device.startswith("cuda") and found is None and other is None
    model = _prepared(read(network.state, half=half), device)
    interpolation = None
    if found or other:
        ends = [read(state) for state in found.states(network)][::-1] if found else []
        stops = TrainingSnapshots(ends, found.places) if found else None
        second = _prepared(read(other.state), device) if other else None
        interpolation = WeightInterpolation(model, stops, second)
    rest = torch.ones(len(model.synthesis.blocks))
    plan = plan_of(network, config.path, config.bends, list(described.layers))
    bends = BendRuntime(plan, device, dict.fromkeys(described.layers, start[1] / start[0]))
    drawing = Drawing(model, config, specs.trained_px(network), device, rest, bends)
    mixed = second_network.parts(config, specs.groups(network))
    moving = NoiseMotion(model.synthesis) if config.moving_noise else None
    return Generator(described, model, drawing, interpolation, tuple(mixed), moving)
