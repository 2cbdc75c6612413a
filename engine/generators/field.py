"""The networks of the CPPN: latents to styles, styles and coordinates to fields, fields to light."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Array = NDArray[np.float64]
Bend = Callable[[str, "torch.Tensor"], "torch.Tensor"]

STYLE_SIZE = 64
FLOW, FOLD, BODY, WEAVE = 6, 6, 24, 24  # waves or units in each layer
FIELDS = 4  # height, tone, vein, mask

# How many numbers each layer takes from its style vector.
_AFFINE = {
    "frame": 6,
    "flow": 3 * FLOW,
    "fold": 3 * FOLD,
    "body": 2 * BODY,
    "weave": 2 * WEAVE,
    "vein": 2 * WEAVE,
    "tone": 8,
    "light": 8,
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Every fixed number, on one device.

    Parameters
    ----------
    mapping
        Matrices of the mapping network [shape=(D, Dw), (Dw, Dw), (Dw, Dw)].
    w_avg
        Mean style over seeded samples [shape=(Dw,)].
    affine
        Layer name → matrix from a style to that layer's modulation [shape=(A, Dw)].
    waves
        ``flow``, ``fold``, ``body`` → wave vectors in radians per unit [shape=(K, 2)].
    mixers
        ``flow``, ``fold`` [shape=(2, K)], ``weave``, ``vein`` [shape=(C, C)], ``fields`` [shape=(F, C)].
    phases
        ``flow``, ``fold``, ``body`` → resting phase of each wave [shape=(K, 1)].
    """

    mapping: tuple[torch.Tensor, ...]
    w_avg: torch.Tensor
    affine: Mapping[str, torch.Tensor]
    waves: Mapping[str, torch.Tensor]
    mixers: Mapping[str, torch.Tensor]
    phases: Mapping[str, torch.Tensor]


def draw_normals(seed: int, name: str, *shape: int) -> Array:
    """Draw keyed standard normals: Philox bits and Box-Muller, the same in every numpy version."""
    key = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:16], "little")
    count = math.prod(shape)
    bits = np.random.Philox(key=key).random_raw(2 * count)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return (np.sqrt(-2.0 * np.log(uniform[:count])) * np.cos(2 * np.pi * uniform[count:])).reshape(shape)


def _spread(count: int, low: float, high: float, turns: float, jitter: Array) -> Array:
    """Spread wave vectors evenly over directions, log-evenly over lengths [shape=(count, 2)]."""
    step = np.arange(count)
    length = low * (high / low) ** (step / max(count - 1, 1)) * np.exp(0.08 * jitter[0])
    angle = 2 * np.pi * (step * 0.61803398875 + turns) + 0.25 * jitter[1]
    return np.stack([length * np.cos(angle), length * np.sin(angle)], 1)


def _mapping_arrays(seed: int, latent_size: int) -> tuple[tuple[Array, ...], Array]:
    """Make the mapping network, scaled so that each style entry has unit variance, and its mean."""
    first, second, last = (
        draw_normals(seed, f"mapping/{place}", size, STYLE_SIZE) / math.sqrt(size)
        for place, size in enumerate((latent_size, STYLE_SIZE, STYLE_SIZE))
    )
    samples = draw_normals(seed, "mapping/samples", 4096, latent_size)
    hidden = _rectify(_rectify(_shell(samples) @ first) @ second)
    w = hidden @ last
    last = last / w.std(0)
    return (first, second, last), (hidden @ last).mean(0)


def _shell(z: Array) -> Array:
    return z / np.sqrt((z * z).mean(-1, keepdims=True) + 0.02)


def _rectify(x: Array) -> Array:
    return np.where(x > 0, x, 0.2 * x) * math.sqrt(2.0)


def make_weights(seed: int, latent_size: int, device: str) -> Weights:
    """Make both networks from one seed, on a torch device."""
    import torch

    def put(array: Array) -> torch.Tensor:
        return torch.tensor(array, dtype=torch.float32, device=device)

    mapping, w_avg = _mapping_arrays(seed, latent_size)
    affine = {name: draw_normals(seed, f"affine/{name}", size, STYLE_SIZE) / 8.0 for name, size in _AFFINE.items()}
    waves = {
        "flow": _spread(FLOW, 0.7, 2.0, 0.0, draw_normals(seed, "flow", 2, FLOW)),
        "fold": _spread(FOLD, 1.7, 4.2, 0.3, draw_normals(seed, "fold", 2, FOLD)),
        "body": _spread(BODY, 0.6, 7.0, 0.6, draw_normals(seed, "body", 2, BODY)),
    }
    mixers = {
        "flow": draw_normals(seed, "mixers/flow", 2, FLOW),
        "fold": draw_normals(seed, "mixers/fold", 2, FOLD),
        "weave": draw_normals(seed, "mixers/weave", WEAVE, BODY) / math.sqrt(BODY),
        "vein": draw_normals(seed, "mixers/vein", WEAVE, WEAVE) / math.sqrt(WEAVE),
        "fields": draw_normals(seed, "mixers/fields", FIELDS, WEAVE) / math.sqrt(WEAVE),
    }
    phases = {name: np.pi * draw_normals(seed, f"phases/{name}", len(array), 1) for name, array in waves.items()}
    return Weights(
        tuple(put(array) for array in mapping),
        put(w_avg),
        {name: put(array) for name, array in affine.items()},
        {name: put(array) for name, array in waves.items()},
        {name: put(array) for name, array in mixers.items()},
        {name: put(array) for name, array in phases.items()},
    )


def map_latents(weights: Weights, z: torch.Tensor) -> torch.Tensor:
    """Map latents [shape=(N, D)] to styles [shape=(N, Dw)].

    Only the direction of z matters, except near zero, where the map stays smooth.
    """
    import torch.nn.functional as functional

    first, second, last = weights.mapping
    hidden = z * (z.square().mean(-1, keepdim=True) + 0.02).rsqrt()
    for matrix in (first, second):
        hidden = functional.leaky_relu(hidden @ matrix, 0.2) * math.sqrt(2.0)
    return hidden @ last


def mix_styles(weights: Weights, w: torch.Tensor, psi: Sequence[float], part: Sequence[float]) -> torch.Tensor:
    """Mix two styles [shape=(2, Dw)] into one per layer [shape=(1, L, Dw)], without losing spread.

    Offsets from the mean are mixed with cos/sin weights and then given the length between theirs
    (geometric), so that the middle of a mix is as far from the mean as its ends.

    Parameters
    ----------
    psi
        Truncation of each layer: ``w = w_avg + psi (w - w_avg)``.
    part
        0 takes the first style, 1 the second.
    """
    import torch

    a, b = w - weights.w_avg  # (Dw,) each
    turn = torch.tensor([[math.cos(x * math.pi / 2), math.sin(x * math.pi / 2), x, y] for x, y in zip(part, psi, strict=True)])
    near, far, share, reach = turn.to(w).T[..., None]  # (L, 1) each
    mixed = near * a + far * b
    length = (a.norm() + 1e-9) ** (1 - share) * (b.norm() + 1e-9) ** share
    mixed = mixed * (length / (mixed.norm(dim=-1, keepdim=True) + 1e-6))
    return (weights.w_avg + reach * mixed)[None]


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixel centres of a picture with one pixel more on every side.

    Parameters
    ----------
    points
        x to the right, y up; the short side of the picture spans -1..1 [shape=(2, (H+2)(W+2))].
    size_px
        Width and height of the picture, without the margin.
    step
        Distance of neighbouring pixels in x and y.
    """

    points: torch.Tensor
    size_px: tuple[int, int]
    step: tuple[float, float]


@lru_cache(maxsize=8)
def cached_grid(size_px: tuple[int, int], aspect: float, device: str) -> Grid:
    """Make the coordinates of a picture; a circle stays a circle for any aspect and size."""
    import torch

    width, height = size_px
    half_x, half_y = max(aspect, 1.0), max(1.0 / aspect, 1.0)
    step_x, step_y = 2 * half_x / width, 2 * half_y / height
    x = (np.arange(-1, width + 1) + 0.5) * step_x - half_x
    y = half_y - (np.arange(-1, height + 1) + 0.5) * step_y
    points = np.stack(np.meshgrid(x, y)).reshape(2, -1)
    with torch.inference_mode(False):
        return Grid(torch.tensor(points, dtype=torch.float32, device=device), size_px, (step_x, step_y))


def draw(
    weights: Weights,
    w: torch.Tensor,
    grid: Grid,
    controls: Mapping[str, float],
    table: torch.Tensor,
    bend: Bend | None = None,
) -> torch.Tensor:
    """Draw one picture [shape=(4, H, W)] from the styles of its layers [shape=(L, Dw)]."""
    import torch
    import torch.nn.functional as functional

    offset = w - weights.w_avg
    style = {name: matrix @ offset[i] for i, (name, matrix) in enumerate(weights.affine.items())}
    wide, high = grid.size_px[0] + 2, grid.size_px[1] + 2
    px = 0.5 * (grid.step[0] + grid.step[1]) / controls["scale"]
    cutoff = min(1.5 / px, 2.0 * 16.0 ** controls["detail"])  # radians per unit

    def bent(name, planes):
        if bend is None:
            return planes
        return bend(name, planes.view(-1, high, wide)).reshape(planes.shape)

    # --- coordinates
    turn = controls["rotation"]
    c, s, k = math.cos(turn), math.sin(turn), 1.0 / controls["scale"]
    x, y = grid.points
    x = (x - controls["offset_x"]) * k
    y = (y - controls["offset_y"]) * k
    x, y = c * x + s * y, c * y - s * x
    if controls["symmetry"] > 0:
        x = x + controls["symmetry"] * ((x * x + 0.01).sqrt() - x)
    radius0 = torch.stack([x, y])
    form = controls["form"]
    if form > 0:
        r2 = (x * x + y * y).clamp_max(1.0)
        bulge = 1 + 0.9 * form * r2 * r2
        radius0 = torch.stack([x, y])
        p = radius0 * bulge
    else:
        p = radius0
    f = style["frame"]
    a, z = 0.6 * f[0], torch.exp(0.22 * f[1])
    sh1, sh2 = 0.25 * f[2], 0.25 * f[3]
    m = torch.stack([a.cos() * z + sh1, -a.sin() * z, a.sin() * z, a.cos() * z + sh2]).view(2, 2)
    p = m @ p + 0.8 * f[4:6, None]

    def warp(name, p, size, gain):
        st = style[name].view(3, size)
        waves = weights.waves[name]
        phase = weights.phases[name] + 1.6 * st[0][:, None]
        sw = torch.addmm(phase, waves, p).sin_()
        length = waves.norm(dim=1)
        mixer = (weights.mixers[name] + 0.7 * st[1:]) / length * (gain / math.sqrt(size))
        return bent(name, mixer @ sw)

    d1 = warp("flow", p, FLOW, 1.0 * controls["warp"])
    p1 = p + d1
    d2 = warp("fold", p1, FOLD, 1.3 * controls["warp"])
    p2 = p1 + d2

    # --- network
    waves = weights.waves["body"]
    length = waves.norm(dim=1, keepdim=True)
    st = style["body"].view(2, BODY, 1)
    feature = torch.addmm(weights.phases["body"] + 1.4 * st[0], waves, p2).sin_()
    amplitude = torch.exp(-((length / cutoff) ** 2)) / (0.6 + length) * (1.6 + 0.5 * st[1])
    x = bent("body", feature * amplitude)
    for name, gain in (("weave", 2.4), ("vein", 1.3)):
        st = style[name].view(2, WEAVE, 1)
        x = torch.addmm(0.9 * st[0], weights.mixers[name] * (1 + 0.35 * st[1]) * gain, x).sin_()
        x = bent(name, x)
    tone = style["tone"]
    fields = (weights.mixers["fields"] * 1.4) @ x
    h, t, v, k = fields.view(FIELDS, high, wide)

    # --- light
    light = style["light"]
    sx, sy = grid.step[0] / controls["scale"], grid.step[1] / controls["scale"]

    def slopes(u):
        return (u[..., 1:-1, 2:] - u[..., 1:-1, :-2]) / (2 * sx), (u[..., :-2, 1:-1] - u[..., 2:, 1:-1]) / (2 * sy)

    jx, jy = slopes(p2.view(2, high, wide))
    det = jx[0] * jy[1] - jx[1] * jy[0]
    veil = 0.35 * (det.square() + 0.03).rsqrt()
    hx, hy = slopes(h)
    core = (slice(1, -1), slice(1, -1))
    h, t, v, k = h[core], t[core], v[core], k[core]
    angle = 2.2 + 0.8 * light[0]
    steep = 0.45
    nz = (1 + steep**2 * (hx * hx + hy * hy)).rsqrt()
    lit = (0.55 - steep * (hx * angle.cos() + hy * angle.sin()) * 0.8) * nz
    lit = lit.clamp_min(0.0)
    sheen = lit.clamp_max(1.2) ** 6
    slope = (hx * hx + hy * hy).sqrt()
    count = 2.0 + 1.2 * torch.exp(0.5 * tone[2])
    phase = h * count
    wide_px = slope * count * px
    saw = (phase - phase.round()).abs()
    lines = torch.exp(-((saw / (0.02 + 0.7 * wide_px)) ** 2)) * (0.02 / (0.02 + 0.5 * wide_px)) ** 0.5
    mask = torch.sigmoid(3.0 * (k + 0.9 - 2.0 * controls["black"] + 0.25 * light[1]))
    relief = controls["relief"]
    value = mask * (
        (1 - relief) * (0.5 + 0.4 * h.tanh())
        + relief * (lit + 0.6 * sheen)
        + controls["veil"] * veil * torch.sigmoid(light[2])
    ) + 0.5 * controls["line"] * lines * mask.sqrt() * torch.sigmoid(1.5 * tone[3])
    value = 1 - torch.exp(-1.3 * value)
    value = (value.clamp_min(1e-4)) ** (0.6 + 0.9 * controls["contrast"])
    height = 0.5 + 0.5 * (0.8 * h).tanh()
    value = value + controls["height"] * (height - value)
    hue = controls["palette_shift"] + 0.25 * t + 0.15 * h + 0.18 * tone[0]

    alpha = torch.ones_like(value)
    if form > 0:
        q = (radius0 + 0.3 * d1).view(2, high, wide)[:, 1:-1, 1:-1]
        r = q.square().sum(0).sqrt() * form / 0.66
        alpha = torch.sigmoid((1 - r) * 28)
        value = value * (1 - 0.9 * (r.clamp_max(1.0) ** 3))
    hue = hue - hue.floor()
    place = torch.stack([hue * 2 - 1, value.clamp(0, 1) * 2 - 1], -1)[None]
    rgb = functional.grid_sample(table, place, mode="bilinear", padding_mode="border", align_corners=True)[0]
    return torch.cat([rgb, alpha[None]]).clamp(0, 1)
