"""The pix2pix network: which tensors it has, and how it draws.

A U-net (P. Isola et al., "Image-to-image translation with conditional adversarial networks", 2017)
whose way back up is steered by a code: each layer's channels are scaled and shifted by it (E. Perez
et al., "FiLM", 2018), and get noise (T. Karras et al., "A style-based generator architecture",
2019). Written from published facts. Training and playing draw with the same function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import functional, torch
from engine.models.pix2pix_shape import CORES, Shape

_HALF = math.sqrt(0.5)


def noise_of(index: int, height: int, width: int) -> NDArray[np.float32]:
    """Return the noise that a layer is played with, always the same [shape=(1, 1, H, W)]."""
    random = np.random.Generator(np.random.Philox([index, height, width]))
    return random.standard_normal((1, 1, height, width), np.float32)


Noise = Callable[[int, int, int], "torch.Tensor"]
"""Number of a styled layer, height, width → noise [shape=(N or 1, 1, H, W)]."""


def draw(
    shape: Shape,
    weights: Mapping[str, torch.Tensor],
    source: torch.Tensor,
    z: torch.Tensor,
    noise: Noise,
    gains: Sequence[float | torch.Tensor] | None = None,
) -> torch.Tensor:
    """Draw pictures [shape=(N, 3, H, W)], -1 to 1 and a little beyond.

    Parameters
    ----------
    weights
        As `Shape.tensors` says.
    source
        Pictures [shape=(N, 3, H, W)], -1 to 1; sides in multiples of `Shape.unit_px`.
    z
        Codes [shape=(N, z_dim)].
    gains
        How strong the noise is at each level, 0 the finest; None: as trained.
    """

    def conv(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = weights[f"{name}.weight"]
        padding = weight.shape[-1] // 2
        return functional.conv2d(x, weight, weights[f"{name}.bias"], stride, padding)

    def dense(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    w = activate(dense("mapping.fc1", activate(dense("mapping.fc0", z))))
    order = {name: (index, level) for index, (name, _, level) in enumerate(shape.styled)}

    def styled(name: str, x: torch.Tensor) -> torch.Tensor:
        index, level = order[name]
        scale, shift = dense(f"{name}.affine", w)[:, :, None, None].chunk(2, 1)
        strength = weights[f"{name}.noise"] * (1.0 if gains is None else gains[level])
        y = conv(name, x) + noise(index, *x.shape[2:]) * strength[:, None, None]
        return (x + activate(y * (1 + scale) + shift)) * _HALF

    x = activate(conv("enter", source))
    skips = [x]
    bottom = len(shape.widths) - 1
    for level in range(bottom):
        x = activate(conv(f"down{level}", x, 2))
        x = (x + activate(conv(f"look{level}", x))) * _HALF
        skips.append(x)
    for k in range(CORES):
        x = styled(f"core{k}", x)
    for level in reversed(range(bottom)):
        x = conv(f"up{level}.enter", x)
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = (x + skips[level]) * _HALF
        x = styled(f"up{level}.b", styled(f"up{level}.a", x))
    return conv("colour", x)


def activate(x: torch.Tensor) -> torch.Tensor:
    """Leaky ReLU with the gain that keeps the power."""
    return functional.leaky_relu(x, 0.2) * math.sqrt(2)
