"""The style network of the CPPN: seeded weights, latents to styles, truncation and mixing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import torch

Array = NDArray[np.float64]

STYLE_SIZE = 64
FLOW, FOLD, BODY, WEAVE = 6, 6, 24, 24  # waves or units of a layer
FIELDS = 3  # height, tone, mask

# How many numbers each layer takes from its style, coarse to fine.
MODULATION = {
    "frame": 6,
    "flow": 3 * FLOW + 1,
    "fold": 3 * FOLD + 1,
    "body": 2 * BODY,
    "weave": 2 * WEAVE,
    "vein": 2 * WEAVE,
    "tone": 3,
    "light": 4,
}
LAYERS = tuple(MODULATION)
GROUPS = {"coarse": (0, 1, 2), "middle": (3, 4, 5), "fine": (6, 7)}


@dataclass(frozen=True, slots=True)
class Weights:
    """Every fixed number of both networks, on one device.

    Parameters
    ----------
    mapping
        Matrices of the mapping network [shape=(D, Dw), (Dw, Dw), (Dw, Dw)].
    w_avg
        Mean style over seeded samples [shape=(Dw,)].
    affine
        Layer name → matrix from a style to the layer's modulation [shape=(A, Dw)].
    waves
        ``flow``, ``fold``, ``body`` → wave vectors in radians per unit [shape=(K, 2)].
    phases
        The same names → resting phase of each wave [shape=(K, 1)].
    mixers
        ``flow``, ``fold`` [shape=(2, K)]; ``weave``, ``vein`` [shape=(C, C)];
        ``fields`` [shape=(F, C)].
    """

    mapping: tuple[torch.Tensor, ...]
    w_avg: torch.Tensor
    affine: Mapping[str, torch.Tensor]
    waves: Mapping[str, torch.Tensor]
    phases: Mapping[str, torch.Tensor]
    mixers: Mapping[str, torch.Tensor]


def draw_normals(seed: int, name: str, *shape: int) -> Array:
    """Draw standard normals keyed by seed and name [shape=shape].

    Philox's raw bits through Box-Muller: numpy promises the bits for ever, but not what
    `numpy.random.Generator` makes of them.
    """
    key = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:16], "little")
    count = math.prod(shape)
    bits = np.random.Philox(key=key).random_raw(2 * count)
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    radius = np.sqrt(-2.0 * np.log(uniform[:count]))
    return np.asarray(radius * np.cos(2 * np.pi * uniform[count:])).reshape(shape)


def make_weights(seed: int, latent_size: int, device: str) -> Weights:
    """Make both networks from one seed, on a torch device."""
    return _make(
        seed, latent_size, lambda array: torch.tensor(array, dtype=torch.float32, device=device)
    )


def make_arrays(seed: int, latent_size: int) -> Weights:
    """Make both networks as numpy arrays, float32: where there is no torch."""
    return _make(seed, latent_size, lambda array: array.astype(np.float32))


def _make(seed: int, latent_size: int, make: Callable[[Array], Any]) -> Weights:
    def put(arrays: Mapping[str, Array]) -> dict[str, Any]:
        return {name: make(array) for name, array in arrays.items()}

    mapping = put(_make_mapping(seed, latent_size))
    w_avg = mapping.pop("w_avg")
    waves = {
        "flow": _spread(FLOW, 0.7, 2.0, 0.0, draw_normals(seed, "flow", 2, FLOW)),
        "fold": _spread(FOLD, 1.7, 4.2, 0.3, draw_normals(seed, "fold", 2, FOLD)),
        "body": _spread(BODY, 0.9, 7.0, 0.6, draw_normals(seed, "body", 2, BODY)),
    }
    phases = {n: np.pi * draw_normals(seed, f"phases/{n}", len(v), 1) for n, v in waves.items()}
    affine = {
        name: draw_normals(seed, f"affine/{name}", size, STYLE_SIZE) / math.sqrt(STYLE_SIZE)
        for name, size in MODULATION.items()
    }
    mixers = put(_make_mixers(seed))
    return Weights(tuple(mapping.values()), w_avg, put(affine), put(waves), put(phases), mixers)


def _make_mixers(seed: int) -> dict[str, Array]:
    return {
        "flow": draw_normals(seed, "mixers/flow", 2, FLOW) / math.sqrt(FLOW),
        "fold": draw_normals(seed, "mixers/fold", 2, FOLD) / math.sqrt(FOLD),
        "weave": draw_normals(seed, "mixers/weave", WEAVE, BODY) / math.sqrt(BODY),
        "vein": draw_normals(seed, "mixers/vein", WEAVE, WEAVE) / math.sqrt(WEAVE),
        "fields": draw_normals(seed, "mixers/fields", FIELDS, WEAVE) / math.sqrt(WEAVE),
    }


def _spread(count: int, low: float, high: float, turns: float, jitter: Array) -> Array:
    """Spread wave vectors evenly over directions, log-evenly over lengths [shape=(count, 2)]."""
    step = np.arange(count)
    length = low * (high / low) ** (step / (count - 1)) * np.exp(0.08 * jitter[0])
    # The golden ratio keeps neighbours in length far apart in direction.
    angle = 2 * np.pi * (step * 0.61803398875 + turns) + 0.25 * jitter[1]
    return np.stack([length * np.cos(angle), length * np.sin(angle)], 1)


def _orthogonal(normals: Array) -> Array:
    """Make a matrix turn without squeezing [shape=(A, B)], unit variance in and out.

    A product of plain random matrices would leave w a third of its directions.
    """
    rows, columns = normals.shape
    basis, triangle = np.linalg.qr(normals if rows >= columns else normals.T)
    basis = basis * np.sign(np.diag(triangle))  # LAPACK leaves the signs open
    return basis if rows >= columns else basis.T * math.sqrt(columns / rows)


def _make_mapping(seed: int, latent_size: int) -> dict[str, Array]:
    """Make the mapping network, its last layer scaled so that each style entry varies by 1."""
    first, second, last = (
        _orthogonal(draw_normals(seed, f"mapping/{place}", size, STYLE_SIZE))
        for place, size in enumerate((latent_size, STYLE_SIZE, STYLE_SIZE))
    )
    z = draw_normals(seed, "mapping/samples", 4096, latent_size)
    hidden = z / np.sqrt((z * z).mean(-1, keepdims=True) + 0.02)
    for matrix in (first, second):
        hidden = hidden @ matrix
        hidden = np.where(hidden > 0, hidden, 0.2 * hidden) * math.sqrt(2.0)
    last = last / (hidden @ last).std(0)
    return {"first": first, "second": second, "last": last, "w_avg": (hidden @ last).mean(0)}


def map_latents(weights: Weights, z: torch.Tensor) -> torch.Tensor:
    """Map latents [shape=(N, D)] to styles [shape=(N, Dw)].

    Only the direction of z matters, except near zero, where the map stays smooth.
    """
    from torch.nn.functional import leaky_relu

    first, second, last = weights.mapping
    hidden = z * (z.square().mean(-1, keepdim=True) + 0.02).rsqrt()
    for matrix in (first, second):
        hidden = leaky_relu(hidden @ matrix, 0.2) * math.sqrt(2.0)
    styles: torch.Tensor = hidden @ last
    return styles


def mixing(psi: Sequence[float], part: Sequence[float]) -> torch.Tensor:
    """What `mix_styles` does to each layer [shape=(4, L)], in main memory.

    Parameters
    ----------
    psi
        Truncation of each layer: ``w = w_avg + psi (w - w_avg)``.
    part
        Per layer, 0 takes the first style and 1 the second.
    """
    turn = [x * math.pi / 2 for x in part]
    return torch.tensor([[math.cos(x) for x in turn], [math.sin(x) for x in turn], part, psi])


def mix_styles(weights: Weights, w: torch.Tensor, mixed_by: torch.Tensor) -> torch.Tensor:
    """Mix two styles [shape=(2, Dw)] into one per layer [shape=(1, L, Dw)] without losing spread.

    Offsets from the mean are mixed with cos/sin weights and then given a length between theirs
    (geometric), so that the middle of a mix is as far from the mean as its ends.

    Parameters
    ----------
    mixed_by
        See `mixing`; on the device.
    """
    a, b = w - weights.w_avg  # (Dw,) each
    near, far, share, reach = mixed_by[..., None]  # (L, 1) each
    mixed = near * a + far * b
    length = (a.norm() + 1e-9) ** (1 - share) * (b.norm() + 1e-9) ** share
    mixed = mixed * (length / (mixed.norm(dim=-1, keepdim=True) + 1e-6))
    ws: torch.Tensor = (weights.w_avg + reach * mixed)[None]
    return ws


def modulate(weights: Weights, w: torch.Tensor) -> dict[str, torch.Tensor]:
    """Turn the style of each layer [shape=(L, Dw)] into its modulation, about N(0, 1) numbers.

    It is centred on `w_avg`: the average picture is the one that the code below describes. Gains
    of single numbers may follow each style, see `edit_directions.widened`.
    """
    from torch.nn.functional import pad

    offset = w - pad(weights.w_avg, (0, w.shape[-1] - len(weights.w_avg)))
    return {name: weights.affine[name] @ offset[place] for place, name in enumerate(LAYERS)}
