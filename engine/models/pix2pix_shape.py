"""The shape of a pix2pix network: widths of its levels, and the tensors that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CORES = 2
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
