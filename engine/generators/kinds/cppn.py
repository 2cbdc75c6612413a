"""The embedded CPPN: a modulated coordinate network with seeded weights, and no weights file.

Coordinates become a picture through eight style layers. The first three move the coordinates, the
next three are layers of a coordinate network, the last two colour and light its fields. References:
K. O. Stanley, "Compositional pattern producing networks" (2007); T. Karras et al., "A style-based
generator architecture" (2019) for mapping, truncation and style mixing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract
from engine.generators.contract import DIRECTIONS, Asset
from engine.generators.cppn.controls import PARAMETERS
from engine.generators.cppn.field import Bend, cached_grid, trace
from engine.generators.cppn.light import illuminate
from engine.generators.cppn.palette import cached_table
from engine.generators.cppn.weights import (
    BODY,
    GROUPS,
    LAYERS,
    MODULATION,
    STYLE_SIZE,
    WEAVE,
    Weights,
    make_weights,
    map_latents,
    mix_styles,
    modulate,
)
from engine.generators.editing.bend import BendRuntime
from engine.generators.editing.bend_ops import BendTable, parameters
from engine.generators.editing.bend_plan import Plan, make_plan
from engine.generators.editing.edit_directions import NO_EDITS, EditDirections
from engine.generators.latents import Latents, stack_sources
from engine.models.sidecars.directions import Shape, read

if TYPE_CHECKING:
    import torch


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


@dataclass(frozen=True, slots=True)
class Generator:
    """A built CPPN. Stateless: `render` hands its memory back untouched.

    Parameters
    ----------
    spec
        What it declares.
    weights
        Every fixed number of the two networks, on the device.
    device
        Torch device name.
    edit_directions
        Named directions.
    bends
        What is done to planes.
    """

    spec: Spec
    weights: Weights
    device: str
    edit_directions: EditDirections = NO_EDITS
    bends: BendRuntime | None = None

    def map(self, z: torch.Tensor) -> torch.Tensor:
        """Map latents [shape=(N, D)] to styles [shape=(N, Dw)], unit variance around `w_avg`."""
        return map_latents(self.weights, z)

    def mix(self, z: torch.Tensor, controls: Mapping[str, float]) -> torch.Tensor:
        """Make the styles of each layer [shape=(1, L, Dw)] from z and z_b [shape=(2, D)]."""
        psi, part = [0.0] * len(LAYERS), [0.0] * len(LAYERS)
        for group, places in GROUPS.items():
            for place in places:
                psi[place] = controls["truncation"] * controls[f"truncation_{group}"]
                part[place] = controls[f"mix_{group}"]
        return mix_styles(self.weights, self.map(z), psi, part)

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
        size_px
            Width and height.
        aspect
            Width / height of the area that the picture fills.
        bend
            Called as ``bend(layer name, planes (C, H, W))`` on the layers in `Spec.bendable`.
        """
        import torch

        grid = cached_grid(size_px, aspect, self.device)
        table = cached_table(controls, self.device)
        pictures = []
        for w in ws:
            style = modulate(self.weights, w)
            fields = trace(self.weights, style, grid, controls, bend)
            pictures.append(illuminate(fields, style, controls, table))
        return torch.stack(pictures)

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 4, H, W)] in 0..1, sRGB, straight alpha, row 0 top.

        Raises
        ------
        ValueError
            If ``z`` is missing, a latent has the wrong length, or the size cannot be drawn.
        """
        import torch

        with torch.inference_mode():
            return self.draw({}, request), memory

    def draw(self, latents: Latents, request: Request) -> torch.Tensor:
        """Draw the picture of `render`, with gradients to the latents.

        Parameters
        ----------
        latents
            By port; what is missing here comes from the request.
        request
            All else.

        Raises
        ------
        ValueError
            As `render`.
        """
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

        trace(self.weights, modulate(self.weights, ws[0]), grid, controls, see)
        return seen[0][None, :, 1:-1, 1:-1]

    def _styles(
        self, latents: Latents, request: Request
    ) -> tuple[torch.Tensor, Mapping[str, float]]:
        """Make the styles of each layer [shape=(1, L, Dw)], and complete the parameters."""
        import torch

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


def _plan(config: Config) -> Plan:
    sizes = {"flow": 2, "fold": 2, "body": BODY, "weave": WEAVE, "vein": WEAVE}
    return make_plan(config.bends, sizes, lambda _: None)


def shape_of(config: Config) -> Shape:
    """What the directions of this network have to fit."""
    return Shape(config.latent_size, STYLE_SIZE, len(LAYERS), MODULATION)


def _sliders(config: Config) -> EditDirections:
    shape = shape_of(config)
    if not config.directions:
        return EditDirections((), shape)
    return EditDirections(read(Path(config.directions), model_hash(config), shape), shape)


def model_hash(config: Config) -> str:
    """What tells this network from others, in a file of directions."""
    return f"cppn {config.network_seed} {config.latent_size}"


def widened_weights(weights: Weights, edit_directions: EditDirections) -> Weights:
    """Let modulations take the gains of single numbers after each style, see `widened`."""
    import torch

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
