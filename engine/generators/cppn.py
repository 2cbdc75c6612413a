"""The embedded generator: a modulated CPPN with a style network of fixed seed, and no weights file.

Coordinates become a picture through eight style layers. The first three move the coordinates, the
next three are layers of a coordinate network, the last two colour and light its fields. References:
K. O. Stanley, "Compositional pattern producing networks" (2007); T. Karras et al., "A style-based
generator architecture" (2019) for mapping, truncation and style mixing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.parameter import Kind, Parameter
from engine.core.port import Port, Request, Spec
from engine.generators import palette
from engine.generators.field import Bend, cached_grid, trace
from engine.generators.latents import Latents, pair
from engine.generators.light import illuminate
from engine.generators.palette_table import cached_table
from engine.generators.style import (
    GROUPS,
    LAYERS,
    Weights,
    make_weights,
    map_latents,
    mix_styles,
    modulate,
)

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
    """

    network_seed: int = 42
    latent_size: int = 64


def _number(
    address: str, default: float, low: float, high: float, text: str, unit: str = ""
) -> Parameter:
    return Parameter(address, Kind.FLOAT, default, low, high, unit=unit, text=text)


def _choice(address: str, default: str, text: str) -> Parameter:
    names = palette.NAMES
    place, last = float(names.index(default)), len(names) - 1.0
    return Parameter(address, Kind.CHOICE, place, 0.0, last, names, text=text)


def _styling() -> tuple[Parameter, ...]:
    reach = "Distance from the average picture: 0 is the average, above 1 is wilder."
    factors = (
        _number(f"truncation_{group}", 1.0, 0.0, 2.0, f"Factor on the {group} layers' truncation.")
        for group in GROUPS
    )
    mixes = (
        _number(f"mix_{group}", 0.0, 0.0, 1.0, f"Source of the {group} layers: 0 is z, 1 is z_b.")
        for group in GROUPS
    )
    return (_number("truncation", 1.0, 0.0, 2.0, reach), *factors, *mixes)


PARAMETERS = (
    *_styling(),
    _choice("palette", "ember", "The colours."),
    _choice("palette_b", "lagoon", "The colours that palette_mix fades to."),
    _number("palette_mix", 0.0, 0.0, 1.0, "Fade from palette to palette_b."),
    _number("palette_shift", 0.0, 0.0, 1.0, "Turns the ring of hues; 1 is where 0 was."),
    _number("contrast", 1.0, 0.0, 2.0, "Steepness of the tone curve."),
    _number("black", 0.4, 0.0, 1.0, "How much of the field falls to true black."),
    _number("scale", 1.0, 0.25, 4.0, "Zoom: 2 is twice as near."),
    _number("detail", 0.5, 0.0, 1.0, "Finest structure let through."),
    _number("warp", 1.0, 0.0, 2.0, "How far the field is bent by its own flow."),
    _number("symmetry", 0.0, 0.0, 1.0, "Slides a mirror in from the left; 1 is the middle."),
    _number("rotation", 0.0, -math.pi, math.pi, "Turns the field.", "rad"),
    _number("offset_x", 0.0, -2.0, 2.0, "Moves the field right, in half short sides."),
    _number("offset_y", 0.0, -2.0, 2.0, "Moves the field up, in half short sides."),
    _number("form", 0.0, 0.0, 1.0, "0 is an endless field, 1 is one centred form on nothing."),
    _number("relief", 0.6, 0.0, 1.0, "Strength of light raking over the height."),
    _number("veil", 0.5, 0.0, 1.0, "Light gathered where the field folds over itself."),
    _number("line", 0.5, 0.0, 1.0, "Thin lines along equal heights."),
    _number("height", 0.0, 0.0, 1.0, "Fades from the lit picture to its bare height, a relief."),
)


def spec(config: Config) -> Spec:
    """Describe the generator without building it.

    Raises
    ------
    ValueError
        If the latent size is below 32 or above 4096.
    """
    if not 32 <= config.latent_size <= 4096:
        found = config.latent_size
        raise ValueError(f"cppn: latent_size is {found}; give a whole number from 32 to 4096")
    shape = (config.latent_size,)
    return Spec(
        name="cppn",
        ports=(Port("z", "gaussian", shape), Port("z_b", "gaussian", shape)),
        layers=LAYERS,
        parameters=PARAMETERS,
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
    """

    spec: Spec
    weights: Weights
    device: str

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
            Value of every parameter, see `complete`.
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
        return self.synthesize(ws, controls, request.size_px, request.aspect)

    def features(self, latents: Latents, request: Request, px: int) -> torch.Tensor:
        """Return the planes that are lit and coloured, at most `px` wide [shape=(1, C, H, W)].

        With gradients; parameters as in `draw`.
        """
        ws, controls = self._styles(latents, request)
        width, height = request.size_px
        size_px = min(px, width), max(round(height * min(px / width, 1.0)), 1)
        grid = cached_grid(size_px, request.aspect, self.device)
        seen: list[torch.Tensor] = []

        def see(name: str, planes: torch.Tensor) -> torch.Tensor:
            if name == "vein":
                seen.append(planes)
            return planes

        trace(self.weights, modulate(self.weights, ws[0]), grid, controls, see)
        return seen[0][None, :, 1:-1, 1:-1]

    def _styles(
        self, latents: Latents, request: Request
    ) -> tuple[torch.Tensor, Mapping[str, float]]:
        """Make the styles of each layer [shape=(1, L, Dw)], and complete the parameters."""
        _check(self.spec, request)
        controls = complete(request.parameters)
        return self.mix(pair(latents, request).to(self.device), controls), controls


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator on a torch device (``cpu``, ``cuda``, ``mps``).

    Raises
    ------
    ValueError
        If the configuration is impossible, see `spec`.
    """
    described = spec(config)
    weights = make_weights(config.network_seed, config.latent_size, device)
    return Generator(described, weights, device)


def complete(parameters: Mapping[str, float]) -> dict[str, float]:
    """Fill in defaults, and clamp: a value that came past the registry cannot break the picture."""
    full = {}
    for parameter in PARAMETERS:
        value = float(parameters.get(parameter.address, parameter.default))
        value = value if math.isfinite(value) else parameter.default
        full[parameter.address] = min(max(value, parameter.low), parameter.high)
    return full


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
