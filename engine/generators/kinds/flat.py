"""One colour: the smallest generator, and the one to copy; see `engine.generators.contract`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.show.generator import Request, Spec
from engine.generators import contract
from engine.generators.libraries import torch

PARAMETERS = (contract.number("light", 1.0, 0.0, 1.0, "How bright the colour is; 0 is black."),)


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator: its `colour`, ``#rrggbb``."""

    colour: str = "#808080"


def spec(config: Config) -> Spec:
    """Describe the generator.

    Raises
    ------
    ValueError
        If the colour is none.
    """
    if not re.fullmatch("#[0-9a-fA-F]{6}", config.colour):
        raise ValueError(f"config.colour: '{config.colour[:20]}' is none; write it as #2a7fe0")
    return Spec(name="flat", ports=(), parameters=PARAMETERS, min_px=16, differentiable=False)


@dataclass(frozen=True, slots=True)
class Generator:
    """A colour [shape=(3,)] in 0..1. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    colour: tuple[float, ...]

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 3, H, W)] in 0..1, sRGB, row 0 top."""
        width, height = request.size_px
        light = contract.complete(self.spec, request.parameters)["light"]
        colour = torch.tensor(self.colour) * light
        return colour[None, :, None, None].expand(1, 3, height, width), memory


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the generator. It draws on the CPU, whatever the device."""
    del device
    return Generator(spec(config), tuple(part / 255 for part in bytes.fromhex(config.colour[1:])))
