"""A small network from picture to picture: what tensors it has, and how it draws.

A U-net (P. Isola et al., "Image-to-image translation with conditional adversarial networks", 2017)
whose way back up is steered by a code: each layer's channels are scaled and shifted by it (E. Perez
et al., "FiLM", 2018), and get noise (T. Karras et al., "A style-based generator architecture",
2019). Written from published facts. Training and playing draw with the same function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

CORES = 2
_HALF = math.sqrt(0.5)
_LEVELS, _WIDEST, _WIDEST_CODE = range(2, 8), 256, 512


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a network.

    Parameters
    ----------
    widths
        Channels at full size, half size, a quarter…
    z_dim, w_dim
        Length of the code, and of the styles made from it.

    Raises
    ------
    ValueError
        If there can be no such network.
    """

    widths: tuple[int, ...] = (16, 32, 64, 96, 104)
    z_dim: int = 8
    w_dim: int = 64

    def __post_init__(self) -> None:
        if len(self.widths) not in _LEVELS or not all(1 <= c <= _WIDEST for c in self.widths):
            raise ValueError(f"widths {self.widths}: 2 to 7 of them, each 1 to {_WIDEST}")
        if not (1 <= self.z_dim <= _WIDEST_CODE and 1 <= self.w_dim <= _WIDEST_CODE):
            raise ValueError(f"a code of {self.z_dim} and {self.w_dim}: each 1 to {_WIDEST_CODE}")

    @property
    def unit_px(self) -> int:
        """A picture's sides are multiples of this."""
        return int(2 ** (len(self.widths) - 1))

    def attributes(self, side_px: int) -> dict[str, Any]:
        """Return what a file tells of the network.

        `side_px`: of the pictures that it has learnt from.
        """
        return {
            "widths": list(self.widths),
            "z_dim": self.z_dim,
            "w_dim": self.w_dim,
            "c_dim": 0,
            "img_channels": 3,
            "img_resolution": side_px,
        }

    @property
    def styled(self) -> tuple[tuple[str, int, int], ...]:
        """Layers that the code steers, in order: name, channels, level (0: full size)."""
        bottom = len(self.widths) - 1
        found = [(f"core{k}", self.widths[bottom], bottom) for k in range(CORES)]
        for level in reversed(range(bottom)):
            found += [(f"up{level}.{part}", self.widths[level], level) for part in "ab"]
        return tuple(found)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return every tensor's shape by its name."""
        found: dict[str, tuple[int, ...]] = {}

        def layer(name: str, *weight: int) -> None:
            found[f"{name}.weight"], found[f"{name}.bias"] = weight, weight[:1]

        layer("mapping.fc0", self.w_dim, self.z_dim)
        layer("mapping.fc1", self.w_dim, self.w_dim)
        layer("enter", self.widths[0], 3, 3, 3)
        for level, (inputs, outputs) in enumerate(zip(self.widths, self.widths[1:], strict=False)):
            layer(f"down{level}", outputs, inputs, 3, 3)
            layer(f"look{level}", outputs, outputs, 3, 3)
            layer(f"up{level}.enter", inputs, outputs, 1, 1)
        for name, width, _ in self.styled:
            layer(name, width, width, 3, 3)
            layer(f"{name}.affine", 2 * width, self.w_dim)
            found[f"{name}.noise"] = (width,)
        layer("colour", 3, self.widths[0], 3, 3)
        return found


def shape_of(attributes: Mapping[str, Any]) -> Shape:
    """Return the shape that a file tells.

    Raises
    ------
    ValueError
        If it tells none, or one that cannot be.
    """
    widths = attributes.get("widths")
    sizes = (attributes.get("z_dim"), attributes.get("w_dim"))
    listed: list[Any] = (
        [*widths, *sizes] if isinstance(widths, list) and len(widths) < 10 else [None]
    )
    if not all(type(value) is int for value in listed):
        raise ValueError(f"widths {str(widths)[:60]} and a code of {str(sizes)[:40]}")
    return Shape(tuple(listed[:-2]), *listed[-2:])


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
    gains: Sequence[float] | None = None,
) -> torch.Tensor:
    """Draw.

    Parameters
    ----------
    shape
        Of the network.
    weights
        As `Shape.tensors` says.
    source
        Pictures [shape=(N, 3, H, W)], -1 to 1; sides in multiples of `Shape.unit_px`.
    z
        Codes [shape=(N, z_dim)].
    noise
        Where noise comes from.
    gains
        How strong the noise is at each level, 0 the finest; None: as trained.

    Returns
    -------
    torch.Tensor
        Pictures [shape=(N, 3, H, W)], -1 to 1, and a little beyond.
    """
    from torch.nn import functional

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
    from torch.nn import functional

    return functional.leaky_relu(x, 0.2) * math.sqrt(2)
