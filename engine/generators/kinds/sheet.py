"""A sheet: what lies around the latent of another layer, drawn by that layer's generator as a grid.

The middle of the grid is that latent itself; from cell to cell it turns along two fixed directions
at right angles. A sheet draws with a generator of its own, in a process of its own: the other
layer's pictures do not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import away
from engine.core.rng import gaussian
from engine.core.show.generator import Request, Spec
from engine.generators import contract

if TYPE_CHECKING:
    import torch

MOST_CELLS = 64
PARAMETERS = (
    contract.number("spread", 0.4, 0.0, 1.5, "How far it is from cell to cell.", "rad"),
    contract.number("gap", 0.04, 0.0, 0.5, "Between cells, of a cell's side."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """What a sheet is made of; a show says it as ``[layers.sheet]``.

    Parameters
    ----------
    kind, config
        Of the other layer's generator.
    columns, rows
        Of the grid; odd ones have the latent itself in the middle.
    seed
        Which two directions.
    """

    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    columns: int = 5
    rows: int = 3
    seed: int = 0


def spec(config: Config) -> Spec:
    """Describe the sheet; it takes the latents that the other generator takes.

    Raises
    ------
    ValueError
        If that one has no latents, or there would be too many cells.
    """
    from engine.generators.registry import open_spec

    if not (config.columns >= 1 <= config.rows and config.columns * config.rows <= MOST_CELLS):
        raise ValueError(
            f"config: {config.columns} x {config.rows} cells; a sheet has 1 to {MOST_CELLS}"
        )
    inner = open_spec(config.kind, config.config).spec
    ports = tuple(port for port in inner.ports if port.geometry != "image")
    if not ports or len(ports) < len(inner.ports):
        raise ValueError(f"config.kind: a {config.kind} is not drawn from latents alone")
    return Spec(
        name="sheet", ports=ports, parameters=PARAMETERS, min_px=64, max_px=2048, channels=4,
        differentiable=False, licence=inner.licence, provenance=inner.provenance,
    )  # fmt: skip


def files(config: Config) -> tuple[contract.Asset, ...]:
    """List the files of the other generator; it is that one's kind that opens them."""
    from engine.generators import registry

    found = registry.files(config.kind, config.config)
    return tuple(replace(each, key=f"config.{each.key}", family="") for each in found)


def memory_bytes(config: Config, device: str) -> int:
    """Estimate the memory of its process: that of the other generator."""
    from engine.generators.registry import open_spec

    return open_spec(config.kind, config.config).memory_bytes(device) or 0


@dataclass(frozen=True, slots=True)
class Generator:
    """A sheet around `inner`. Stateless: `render` hands its memory back untouched."""

    spec: Spec
    inner: contract.Generator
    config: Config

    def render(self, request: Request, memory: object = None) -> tuple[torch.Tensor, object]:
        """Draw one frame: pixels [shape=(1, 4, H, W)] in 0..1, sRGB, straight alpha, row 0 top."""
        import torch

        width, height = request.size_px
        controls = contract.complete(self.spec, request.parameters)
        sheet = torch.zeros(1, 4, height, width)
        columns, rows = self.config.columns, self.config.rows
        side_px = width // columns, height // rows
        part = 1.0 - controls["gap"]
        room = max(1, round(side_px[0] * part)), max(1, round(side_px[1] * part))
        for place, latents in enumerate(self._cells(request, controls["spread"])):
            row, column = divmod(place, columns)
            cell = self._cell(replace(request, latents=latents), room)
            _, _, tall, wide = cell.shape
            left = column * width // columns + (side_px[0] - wide) // 2
            top = row * height // rows + (side_px[1] - tall) // 2
            sheet[:, :3, top : top + tall, left : left + wide] = cell[:, :3]
            sheet[:, 3, top : top + tall, left : left + wide] = 1.0
        return sheet, memory

    def _cells(self, request: Request, spread: float) -> Iterator[dict[str, NDArray[np.float32]]]:
        """Latents of the cells, row after row."""
        port = self.spec.ports[0]
        flat = np.asarray(request.latents[port.name], np.float64).ravel()
        across, along = (gaussian(self.config.seed, "sheet", k, flat.size) for k in (0, 1))
        for row in range(self.config.rows):
            for column in range(self.config.columns):
                turned = away(flat, across, spread * (column - (self.config.columns - 1) / 2))
                turned = away(turned, along, spread * (row - (self.config.rows - 1) / 2))
                found = turned.reshape(np.shape(request.latents[port.name])).astype(np.float32)
                yield {**request.latents, port.name: found}

    def _cell(self, request: Request, room: tuple[int, int]) -> torch.Tensor:
        """Draw one cell, as large as its room allows [shape=(1, C, h, w)]."""
        import torch

        inner = self.inner.spec
        own = {p.address for p in inner.parameters}
        aspect = request.aspect if inner.any_size else inner.aspect
        wide = max(1, min(room[0], round(room[1] * aspect)))
        tall = max(1, min(room[1], round(wide / aspect)))
        side = min(max(inner.min_px, wide, tall), inner.max_px)
        asked = (side, side)
        if inner.any_size:
            scale = max(1.0, inner.min_px / min(wide, tall))
            asked = (round(wide * scale), round(tall * scale))
        drawn, _ = self.inner.render(
            replace(
                request,
                size_px=asked,
                aspect=aspect,
                parameters={k: v for k, v in request.parameters.items() if k in own},
            ),
            None,
        )
        if isinstance(drawn, contract.Signed):
            drawn = drawn.pixels * 0.5 + 0.5
        pixels = drawn.detach().float().cpu().clamp(0.0, 1.0)
        return torch.nn.functional.interpolate(pixels, (tall, wide), mode="area")


def build(config: Config, device: str = "cpu") -> Generator:
    """Build the sheet, and a generator of its own that draws it."""
    from engine.generators import registry

    inner = registry.build(registry.open_spec(config.kind, config.config), device)
    return Generator(spec(config), inner, config)
