"""Inversion: from a picture back to the latent that a generator draws it from.

By gradients alone, in the coordinates of one port: a start, and from there steps of Adam on the
distance of pictures at three sizes, with a pull towards the shell on which latents lie. R. Abdal et
al., "Image2StyleGAN" (2019); P. Zhu et al., "Improved StyleGAN embedding: where are the good
latents?" (2020).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core.rng import draw
from engine.core.show.generator import Port, Request, picture_size
from engine.generators.libraries import functional, torch

STEPS, PULL = 40, 0.02
RATE, MAPPED_RATE = 0.03, 0.1
"""Of Adam, in whitened styles, and where a mapping network lies between."""
STARTS, RUNNERS, HEAT = 64, 3, 12
"""Latents that are drawn to find a start, where no encoder tells one; how many of them are refined
by how many steps."""
SCALES = (1, 2, 4)  # the first is the picture itself
ANY_SIZE_PX = 64
GEOMETRIES = ("gaussian", "sphere", "wspace")


@dataclass(frozen=True, slots=True, eq=False)
class InversionTarget:
    """One port of a generator, and all else that its pictures depend on.

    Parameters
    ----------
    generator
        Built; it has a differentiable ``draw(latents, request)``.
    request
        Size of the picture, parameters, and what other ports hold.
    """

    generator: Any
    port: Port
    request: Request

    def latent(self, n: torch.Tensor) -> torch.Tensor:
        """Turn coordinates [shape=(…, D)] into what the port takes, with gradients."""
        chart = self.port.chart
        if chart is None:
            return n
        mean, back = (torch.from_numpy(x).to(n) for x in (chart.mean, chart.back))
        p = mean + n @ back.T
        return torch.where(p >= 0, p, chart.slope * p)

    def draw(self, n: torch.Tensor) -> torch.Tensor:
        """Draw coordinates [shape=port.shape] as a picture on black [shape=(1, 3, H, W)]."""
        pixels: torch.Tensor = self.generator.draw({self.port.name: self.latent(n)}, self.request)
        return pixels[:, :3] * pixels[:, 3:] if pixels.shape[1] == 4 else pixels


def target_of(
    generator: Any,
    name: str = "",
    parameters: Mapping[str, float] | None = None,
    size_px: tuple[int, int] = (0, 0),
) -> InversionTarget:
    """Aim at a port of a generator.

    Parameters
    ----------
    name
        Of the port; empty: the first one that takes latents. What another source of the same
        space is to draw is found for the first: it draws alone.
    parameters
        Of the generator; what is missing is at its default.
    size_px
        Of the pictures that are compared; (0, 0): the generator's own.

    Raises
    ------
    ValueError
        If it has no such port, or no gradients.
    """
    spec = generator.spec
    ports = [port for port in spec.ports if port.geometry in GEOMETRIES]
    found = next((port for port in ports if port.name == (name or port.name)), None)
    if found is None or not hasattr(generator, "draw"):
        raise ValueError(
            f"the generator '{spec.name}' gives no latent '{name or 'z'}' of a picture"
        )
    found = ports[0] if found.shape == ports[0].shape else found
    side_px = min(max(spec.min_px, ANY_SIZE_PX), spec.max_px) if spec.any_size else spec.max_px
    size_px = size_px if min(size_px) > 0 else picture_size(side_px, spec.aspect)
    zeros = np.zeros(found.shape, np.float32)
    aspect = size_px[0] / size_px[1]
    request = Request(0.0, {found.name: zeros}, dict(parameters or {}), size_px, aspect)
    return InversionTarget(generator, found, request)


def distance(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """How far pictures lie apart: mean absolute differences, summed over `SCALES` [shape=(N,)]."""
    apart = found - wanted
    total = apart.abs().mean((1, 2, 3))
    for scale in SCALES:
        if 1 < scale <= min(apart.shape[2:]):
            total = total + functional.avg_pool2d(apart, scale).abs().mean((1, 2, 3))
    return total


def psnr_db(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of pictures of 0..1, in dB."""
    return -10.0 * math.log10(max(float((found - wanted).square().mean()), 1e-10))


def onto_port(port: Port, n: torch.Tensor) -> torch.Tensor:
    """Bring coordinates to the length that a sphere's latents have; others stay."""
    if port.geometry != "sphere":
        return n
    return n * (n.square().mean(-1, keepdim=True) + 1e-12).rsqrt()


def starts(target: InversionTarget, count: int = STARTS, seed: int = 0) -> Iterator[torch.Tensor]:
    """Coordinates to begin from [shape=port.shape]: the average, where there is one, and samples.

    All rows of a port of several are the same.
    """
    shape, size = target.port.shape, target.port.shape[-1]
    rows = [] if target.port.geometry == "sphere" else [np.zeros(size)]
    for row in [*rows, *(draw(seed, "inversion", place, size) for place in range(count))]:
        whole = np.broadcast_to(row, shape).astype(np.float32)
        yield onto_port(target.port, torch.from_numpy(whole.copy()))


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Where a refinement stands: coordinates [shape=port.shape], its distance, its PSNR."""

    n: torch.Tensor
    distance: float
    psnr_db: float


def search(
    target: InversionTarget, wanted: torch.Tensor, count: int = STARTS
) -> Iterator[Step | None]:
    """Look for a start: draw one sample after the other, refine the nearest ones a little.

    Where pictures change wildly with the latent (a CPPN's do) the nearest sample is seldom the one
    to begin from.

    Yields
    ------
    Step or None
        None while it looks; then the start.
    """
    drawn: list[tuple[float, torch.Tensor]] = []
    for n in starts(target, count):
        with torch.no_grad():
            drawn.append((float(distance(target.draw(n), wanted)), n))
        yield None
    best: Step | None = None
    for _, n in sorted(drawn, key=lambda pair: pair[0])[:RUNNERS]:
        for step in refine(target, wanted, n, HEAT):
            best = step if best is None or step.distance < best.distance else best
            yield None
    yield best


def loss_scale(numbers: int) -> float:
    """Scale of the loss of a picture of so many numbers, a power of two: exact in float32.

    A mean over a large picture has gradients of less than what a float16 layer can hold: those of
    1024² pixels vanished, and only the start came back. P. Micikevicius et al., "Mixed precision
    training" (2018), section 3.2.
    """
    return 2.0 ** max(round(math.log2(numbers)) - 8, 0)


def refine(
    target: InversionTarget,
    wanted: torch.Tensor,
    start: torch.Tensor,
    steps: int = STEPS,
    rate: float = 0.0,
) -> Iterator[Step]:
    """Go down from a start, step by step, and yield the nearest so far: `steps` + 1 times.

    Parameters
    ----------
    wanted
        The picture [shape=(1, 3, H, W)].
    start
        Coordinates [shape=port.shape].
    rate
        Of Adam, falling to a tenth at the end; 0: as is good for the port.
    """
    rate = rate or (MAPPED_RATE if target.port.chart is None else RATE)

    n = start.detach().clone().requires_grad_(True)
    best: Step | None = None
    scale = loss_scale(wanted.numel())
    first = second = torch.zeros_like(n)
    for step in range(steps + 1):
        with torch.enable_grad():
            x = target.draw(onto_port(target.port, n))
            far = distance(x, wanted).sum()
            pull = PULL * (n.square().mean() - 1).square()
            (gradient,) = torch.autograd.grad((far + pull) * scale, n)
            gradient = gradient / scale
        near = float(far.detach())
        if not math.isfinite(near):
            raise ValueError("the generator's picture holds what is no number")
        if best is None or near < best.distance:
            best = Step(onto_port(target.port, n.detach()), near, psnr_db(x.detach(), wanted))
        yield best
        if not torch.isfinite(gradient).all():
            raise ValueError("the generator has no gradient there; begin from another picture")
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.square()
        unbiased = first / (1 - 0.9 ** (step + 1))
        spread = (second / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
        now = rate * (0.1 + 0.9 * (0.5 + 0.5 * math.cos(math.pi * step / max(steps, 1))))
        n = (n.detach() - now * unbiased / spread).requires_grad_(True)
