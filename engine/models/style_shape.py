"""The shape of a style network: widths of its levels, and the tensors that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CODE = 100
"""Numbers of a style that was read from a picture."""
BLOCKS = tuple(
    (grow, width, stride if first else 1)
    for grow, width, count, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    for first in [True] + [False] * (count - 1)
)  # fmt: skip
"""Of MobileNetV2, table 2: how much wider it is inside, its width, its stride."""
LOOK_IN, LOOK_OUT = 32, 1280
_MOST = 512


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a network.

    Parameters
    ----------
    down
        Channels on the way in, at full, half and quarter size.
    cores
        Residual blocks at a quarter of the size.
    up
        Channels on the way back, at half and at full size.
    styles
        How many styles it has learnt; 0: any, each `CODE` numbers that it reads from a picture.

    Raises
    ------
    ValueError
        If there can be no such network.
    """

    down: tuple[int, int, int] = (32, 32, 32)
    cores: int = 6
    up: tuple[int, int] = (8, 4)
    styles: int = 26

    def __post_init__(self) -> None:
        listed = (*self.down, *self.up)
        if len(self.down) != 3 or len(self.up) != 2 or not all(1 <= c <= _MOST for c in listed):
            raise ValueError(f"widths {listed}: three and two of them, each 1 to {_MOST}")
        if not (1 <= self.cores <= 64 and 0 <= self.styles <= _MOST):
            raise ValueError(f"{self.cores} residual blocks and {self.styles} styles")

    def attributes(self, side_px: int) -> dict[str, Any]:
        """Return what a file tells of the network.

        `side_px`: of the pictures that it has learnt from.
        """
        return {
            "down": list(self.down),
            "cores": self.cores,
            "up": list(self.up),
            "styles": self.styles,
            "z_dim": self.code,
            "w_dim": self.code,
            "c_dim": self.styles,
            "img_channels": 3,
            "img_resolution": side_px,
        }

    @property
    def code(self) -> int:
        """Numbers that say a style: weights of the learnt ones, or those read from a picture."""
        return self.styles or CODE

    @property
    def styled(self) -> dict[str, int]:
        """Channels of the layers that a style scales and shifts, in order."""
        own = {f"down{k}": width for k, width in enumerate(self.down)} if self.styles else {}
        cores = {f"core{k}.{part}": self.down[2] for k in range(self.cores) for part in "ab"}
        return own | cores | {"up0": self.up[0], "up1": self.up[1], "colour": 3}

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return every tensor's shape by its name."""
        a, b, c = self.down
        d, e = self.up
        steps = {"down0": (a, 3, 9, 9), "down1": (b, a, 3, 3), "down2": (c, b, 3, 3)}
        found: dict[str, tuple[int, ...]] = {f"{name}.weight": size for name, size in steps.items()}
        for k in range(self.cores):
            found |= {f"core{k}.{part}.weight": (c, c, 3, 3) for part in "ab"}
        found |= {"up0.weight": (d, c, 3, 3), "up1.weight": (e, d, 3, 3)}
        found["colour.weight"] = (3, e, 9, 9)
        rows = 2 * sum(self.styled.values())
        found |= {"style.weight": (rows, self.code), "style.bias": (rows,)}
        if not self.styles:
            found |= {f"down{k}.bias": (width,) for k, width in enumerate(self.down)}
            found |= _look()
        return found


def _look() -> dict[str, tuple[int, ...]]:
    """Tensors of the network that reads a style from a picture."""
    found: dict[str, tuple[int, ...]] = {}

    def layer(name: str, *weight: int) -> None:
        found[f"look.{name}.weight"], found[f"look.{name}.bias"] = weight, weight[:1]

    layer("enter", LOOK_IN, 3, 3, 3)
    before = LOOK_IN
    for k, (grow, width, _) in enumerate(BLOCKS):
        if grow > 1:
            layer(f"{k}.grow", grow * before, before, 1, 1)
        layer(f"{k}.each", grow * before, 1, 3, 3)
        layer(f"{k}.shrink", width, grow * before, 1, 1)
        before = width
    layer("leave", LOOK_OUT, before, 1, 1)
    layer("code", CODE, LOOK_OUT)
    return found


def shape_of(attributes: Mapping[str, Any]) -> Shape:
    """Return the shape that a file tells.

    Raises
    ------
    ValueError
        If it tells none, or one that cannot be.
    """
    down, up = attributes.get("down"), attributes.get("up")
    lists = [x if isinstance(x, list) and len(x) < 4 else [None] for x in (down, up)]
    sizes = [attributes.get("cores"), attributes.get("styles")]
    if not all(type(value) is int for value in [*lists[0], *lists[1], *sizes]):
        told = f"widths {str(down)[:40]} and {str(up)[:40]}, blocks and styles {str(sizes)[:40]}"
        raise ValueError(told)
    return Shape(tuple(lists[0]), sizes[0], tuple(lists[1]), sizes[1])  # type: ignore[arg-type]
