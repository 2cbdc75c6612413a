"""The embedded CPPN: a modulated coordinate network with seeded weights, and no weights file.

Coordinates become a picture through eight style layers. The first three move the coordinates, the
next three are layers of a coordinate network, the last two colour and light its fields. References:
K. O. Stanley, "Compositional pattern producing networks" (2007); T. Karras et al., "A style-based
generator architecture" (2019) for mapping, truncation and style mixing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from engine.core.parameter import Kind
from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract
from engine.generators.contract import DIRECTIONS, Asset
from engine.generators.cppn.controls import PARAMETERS
from engine.generators.cppn.field import Bend, Controls, Flags, cached_grid, flags_of, trace
from engine.generators.cppn.light import illuminate
from engine.generators.cppn.numbers import numbers
from engine.generators.cppn.palette import cached_table, palette_pixels
from engine.generators.cppn.shader import PASSES, pack
from engine.generators.cppn.weights import (
    BODY,
    GROUPS,
    LAYERS,
    MODULATION,
    STYLE_SIZE,
    WEAVE,
    Weights,
    make_arrays,
    make_weights,
    map_latents,
    mix_styles,
    mixing,
    modulate,
)
from engine.generators.cuda_graph import Graphs
from engine.generators.drawing import Drawing, Given
from engine.generators.editing.bend import BendRuntime
from engine.generators.editing.bend_ops import BendTable, parameters
from engine.generators.editing.bend_plan import Plan, make_plan
from engine.generators.editing.edit_directions import NO_EDITS, EditDirections
from engine.generators.latents import Latents, stack_sources
from engine.generators.libraries import torch
from engine.models.sidecars import directions as sidecar


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    network_seed
        Seed of every fixed weight: another seed is another world of pictures.
    latent_size
        Length of ``z`` and ``z_b``, 32 or more.
    directions
        File of named directions; empty: none.
    bends
        What is done to the planes of its layers, see `bend_ops.BendTable`.
    """

    network_seed: int = 42
    latent_size: int = 64
    directions: str = ""
    bends: tuple[BendTable, ...] = ()


def files(config: Config) -> tuple[Asset, ...]:
    """List the file of directions, if there is one."""
    path = config.directions
    return (Asset("directions", path, DIRECTIONS),) if path else ()


def spec(config: Config) -> Spec:
    """Describe the generator without building it.

    Raises
    ------
    ValueError
        If the latent size is below 32 or above 4096, the directions are another network's, or a
        bend makes no sense.
    """
    if not 32 <= config.latent_size <= 4096:
        found = config.latent_size
        raise ValueError(f"cppn: latent_size is {found}; give a whole number from 32 to 4096")
    shape = (config.latent_size,)
    return Spec(
        name="cppn",
        ports=(Port("z", "gaussian", shape), Port("z_b", "gaussian", shape)),
        layers=LAYERS,
        parameters=(*PARAMETERS, *_sliders(config).parameters, *parameters(_plan(config).bends)),
        min_px=64,
        max_px=512,
        channels=4,
        bendable=LAYERS[1:6],
        provenance="computed from network_seed",
    )


NUMBERS = tuple(p.address for p in PARAMETERS if p.kind is Kind.FLOAT)
"""Parameters that are numbers, in the order in which a graph takes them."""


class Shape(NamedTuple):
    """What of a picture a graph is captured for."""

    size_px: tuple[int, int]
    aspect: float
    flags: Flags


@dataclass(frozen=True, slots=True)
class GraphInputs:
    """All that a picture of one shape depends on, see `Generator.graph_inputs`."""

    latents: torch.Tensor
    edit: torch.Tensor
    mixing: torch.Tensor
    numbers: torch.Tensor
    table: torch.Tensor

    def tensors(self) -> list[torch.Tensor]:
        """All of them, in order."""
        return [self.latents, self.edit, self.mixing, self.numbers, self.table]


@dataclass(frozen=True, slots=True)
class Generator:
    """A built CPPN with its weights on the device. Stateless: `render` leaves memory untouched."""

    spec: Spec
    weights: Weights
    device: str
    edit_directions: EditDirections = NO_EDITS
    bends: BendRuntime | None = None
    graphs: Graphs = field(default_factory=Graphs)

    def map(self, z: torch.Tensor) -> torch.Tensor:
        """Map latents [shape=(N, D)] to styles [shape=(N, Dw)], unit variance around `w_avg`."""
        return map_latents(self.weights, z)

    def mix(self, z: torch.Tensor, controls: Mapping[str, float]) -> torch.Tensor:
        """Make the styles of each layer [shape=(1, L, Dw)] from z and z_b [shape=(2, D)]."""
        return mix_styles(self.weights, self.map(z), self._mixing(controls).to(z))

    def _mixing(self, controls: Mapping[str, float]) -> torch.Tensor:
        psi, part = [0.0] * len(LAYERS), [0.0] * len(LAYERS)
        for group, places in GROUPS.items():
            for place in places:
                psi[place] = controls["truncation"] * controls[f"truncation_{group}"]
                part[place] = controls[f"mix_{group}"]
        return mixing(psi, part)

    def synthesize(
        self,
        ws: torch.Tensor,
        controls: Mapping[str, float],
        size_px: tuple[int, int],
        aspect: float,
        bend: Bend | None = None,
    ) -> torch.Tensor:
        """Draw styles [shape=(N, L, Dw)] as pixels [shape=(N, 4, H, W)] in 0..1.

        Parameters
        ----------
        ws
            One style vector per layer.
        controls
            Value of every parameter, see `contract.complete`.
        aspect
            Width / height of the area that the picture fills.
        bend
            Called as ``bend(layer name, planes (C, H, W))`` on the layers in `Spec.bendable`.
        """
        table = cached_table(controls, self.device)
        shape = Shape(size_px, aspect, flags_of(controls))
        return torch.stack([self._paint(w, controls, shape, table, bend) for w in ws])

    def _paint(
        self, w: torch.Tensor, controls: Controls, shape: Shape, table: torch.Tensor,
        bend: Bend | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """Draw the styles of the layers [shape=(L, Dw)] as pixels [shape=(4, H, W)]."""
        grid = cached_grid(shape.size_px, shape.aspect, self.device)
        style = modulate(self.weights, w)
        fields = trace(self.weights, style, grid, controls, shape.flags, bend)
        return illuminate(fields, style, controls, shape.flags, table)

    def warm_up(self, clock: object = None) -> None:  # noqa: ARG002 -- the contract's
        """Play by captured graphs from now on, where the device has them."""
        if self.device.startswith("cuda"):
            self.graphs.is_on = True

    def _replay(self, request: Request) -> torch.Tensor | None:
        """Draw by a captured graph; None where there is none for this kind of picture."""
        if not self.graphs.is_on:
            return None
        controls = contract.complete(self.spec, request.parameters)
        if self.bends and self._bend(controls, request.aspect):
            return None
        shape = Shape(request.size_px, request.aspect, flags_of(controls))
        inputs = self.graph_inputs(request, controls)
        return self.graphs.draw(
            shape, lambda given: self.draw_graph(given, shape), inputs, self.device
        )

    def graph_inputs(self, request: Request, controls: Mapping[str, float]) -> GraphInputs:
        """Everything that changes from picture to picture, in main memory."""
        _check(self.spec, request)
        return GraphInputs(
            stack_sources({}, request),
            torch.from_numpy(self.edit_directions.pack(controls)),
            self._mixing(controls),
            torch.tensor([controls[name] for name in NUMBERS]),
            cached_table(controls, "cpu"),
        )

    def draw_graph(self, given: GraphInputs, shape: Shape) -> torch.Tensor:
        """Draw `graph_inputs` [shape=(1, 4, H, W)]: no number is looked at on the way."""
        z = self.edit_directions.move(given.latents, given.edit, "z")
        mixed = mix_styles(self.weights, self.map(z), given.mixing)
        ws = self.edit_directions.move(mixed, given.edit, "w")
        controls = dict(zip(NUMBERS, given.numbers, strict=True))
        return self._paint(ws[0], controls, shape, given.table)[None]

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 4, H, W)] in 0..1, sRGB, straight alpha, row 0 top.

        Raises
        ------
        ValueError
            If ``z`` is missing, a latent has the wrong length, or the size cannot be drawn.
        """
        with torch.inference_mode():
            replayed = self._replay(request)
            return self.draw({}, request) if replayed is None else replayed, memory

    def draw(self, latents: Latents, request: Request) -> torch.Tensor:
        """Draw the picture of `render` with gradients to latents; others are the request's."""
        ws, controls = self._styles(latents, request)
        bend = self._bend(controls, request.aspect)
        return self.synthesize(ws, controls, request.size_px, request.aspect, bend)

    def _bend(self, controls: Mapping[str, float], aspect: float) -> Bend | None:
        if not self.bends:
            return None
        numbers = self.bends.numbers(controls, dict.fromkeys(LAYERS, aspect))
        bending = self.bends.bend(numbers.to(self.device))
        if bending is None:
            return None
        return lambda name, x: bending(name, x[None])[0] if name in bending.layers else x

    def features(self, latents: Latents, request: Request, px: int) -> torch.Tensor:
        """Return the planes that are lit and coloured, at most `px` wide [shape=(1, C, H, W)].

        With gradients; parameters as in `draw`.
        """
        ws, controls = self._styles(latents, request)
        width, height = request.size_px
        size_px = min(px, width), max(round(height * min(px / width, 1.0)), 1)
        grid = cached_grid(size_px, request.aspect, self.device)
        seen: list[torch.Tensor] = []
        bend = self._bend(controls, request.aspect)

        def see(name: str, planes: torch.Tensor) -> torch.Tensor:
            planes = bend(name, planes) if bend else planes
            if name == "vein":
                seen.append(planes)
            return planes

        trace(self.weights, modulate(self.weights, ws[0]), grid, controls, flags_of(controls), see)
        return seen[0][None, :, 1:-1, 1:-1]

    def _styles(
        self, latents: Latents, request: Request
    ) -> tuple[torch.Tensor, Mapping[str, float]]:
        """Make the styles of each layer [shape=(1, L, Dw)], and complete the parameters."""
        _check(self.spec, request)
        controls = contract.complete(self.spec, request.parameters)
        edit = torch.from_numpy(self.edit_directions.pack(controls)).to(self.device)
        z = self.edit_directions.move(stack_sources(latents, request).to(self.device), edit, "z")
        return self.edit_directions.move(self.mix(z, controls), edit, "w"), controls


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If the configuration is impossible, see `spec`.
    """
    described, edit_directions = spec(config), _sliders(config)
    weights = make_weights(config.network_seed, config.latent_size, device)
    bends = BendRuntime(_plan(config), device, {})
    return Generator(
        described, widened_weights(weights, edit_directions), device, edit_directions, bends
    )


def drawing(config: Config) -> Drawing | None:
    """Draw it by OpenGL; not where planes are bent or a file of directions moves it."""
    if config.bends or config.directions:
        return None
    described, weights = spec(config), make_arrays(config.network_seed, config.latent_size)

    def given(request: Request) -> Given:
        _check(described, request)
        controls = contract.complete(described, request.parameters)
        told = pack(numbers(weights, request, controls))
        return Given(told, {"table": palette_pixels(controls)})

    return Drawing(PASSES, given)


def _plan(config: Config) -> Plan:
    sizes = {"flow": 2, "fold": 2, "body": BODY, "weave": WEAVE, "vein": WEAVE}
    return make_plan(config.bends, sizes, lambda _: None)


def shape_of(config: Config) -> sidecar.Shape:
    """What the directions of this network have to fit."""
    return sidecar.Shape(config.latent_size, STYLE_SIZE, len(LAYERS), MODULATION)


def _sliders(config: Config) -> EditDirections:
    shape = shape_of(config)
    if not config.directions:
        return EditDirections((), shape)
    return EditDirections(sidecar.read(Path(config.directions), model_hash(config), shape), shape)


def model_hash(config: Config) -> str:
    """What tells this network from others, in a file of directions."""
    return f"cppn {config.network_seed} {config.latent_size}"


def widened_weights(weights: Weights, edit_directions: EditDirections) -> Weights:
    """Let modulations take the gains of single numbers after each style, see `widened`."""
    affine = {
        name: torch.cat([x, torch.from_numpy(edit_directions.columns(name, len(x))).to(x)], 1)
        for name, x in weights.affine.items()
    }
    return replace(weights, affine=affine) if edit_directions.of("s") else weights


def _check(described: Spec, request: Request) -> None:
    for port in described.ports:
        latent = request.latents.get(port.name)
        if latent is None and port.name == "z":
            raise ValueError("cppn: the request has no latent 'z'; route a trajectory to it")
        if latent is not None and latent.shape != port.shape:
            found = f"latent '{port.name}' has shape {latent.shape}"
            raise ValueError(f"cppn: {found}; it must be {port.shape}")
    width, height = request.size_px
    if not (1 <= width <= 16384 and 1 <= height <= 16384):
        raise ValueError(f"cppn: cannot draw {width}x{height} px; sides are 1 to 16384 px")
    if not (math.isfinite(request.aspect) and 1e-3 < request.aspect < 1e3):
        raise ValueError(f"cppn: cannot draw an aspect of {request.aspect}; give width / height")
