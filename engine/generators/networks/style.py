"""The style network: how it paints a picture, and how it reads a style from one.

A style is a scale and a shift of each normalised channel (V. Dumoulin et al., "A learned
representation for artistic style", 2017), so styles mix as these do. A second network reads them
from any picture (G. Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural
artistic stylization network", 2017; M. Sandler et al., "MobileNetV2", 2018). From published facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.generators.libraries import functional, torch
from engine.models.style_shape import BLOCKS, Shape

if TYPE_CHECKING:
    Weights = Mapping[str, torch.Tensor]

UNIT_PX = 4
"""A picture's sides are multiples of this."""
LOOK_PX = 256
"""Side of the square in which a style is read."""
_EPS = 1e-5


def paint(
    shape: Shape, weights: Weights, picture: torch.Tensor, code: torch.Tensor
) -> torch.Tensor:
    """Paint a picture [shape=(1, 3, H, W)], 0 to 1.

    Parameters
    ----------
    weights
        As `Shape.tensors` says.
    picture
        What is painted [shape=(1, 3, H, W)], 0 to 1; sides in multiples of `UNIT_PX`.
    code
        Styles side by side [shape=(P, code)]: mixtures of the learnt ones, or codes from `look`.
    """
    rows = (code @ weights["style.weight"].T + weights["style.bias"]).T
    parts = dict(
        zip(shape.styled, torch.split(rows, [2 * n for n in shape.styled.values()]), strict=True)
    )

    def conv(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = weights[f"{name}.weight"]
        x = functional.pad(x, [weight.shape[-1] // 2] * 4, "reflect")
        y = functional.conv2d(x, weight, weights.get(f"{name}.bias"), stride)
        return styled(y, *parts[name].chunk(2)) if name in parts else y

    x = picture
    for k in range(3):
        x = conv(f"down{k}", x, min(k + 1, 2)).relu_()
    for k in range(shape.cores):
        x = x + conv(f"core{k}.b", conv(f"core{k}.a", x).relu_())
    for k in range(2):
        x = conv(f"up{k}", functional.interpolate(x, scale_factor=2)).relu_()
    return torch.sigmoid(conv("colour", x))


def styled(x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Normalise each channel over the picture, then scale and shift it [shape=(C, P) each].

    Several styles stand evenly from edge to edge, and go over into each other.
    """
    if scale.shape[1] == 1:  # of one picture, the norm of a batch is that of the instance
        return functional.batch_norm(x, None, None, scale[:, 0], shift[:, 0], True, 0.0, _EPS)
    x = functional.batch_norm(x, None, None, None, None, True, 0.0, _EPS)
    across = [
        functional.interpolate(each[None], x.shape[3], mode="linear", align_corners=True)
        for each in (scale, shift)
    ]
    return x.mul_(across[0][:, :, None].to(x.dtype)).add_(across[1][:, :, None].to(x.dtype))


def look(weights: Weights, picture: torch.Tensor) -> torch.Tensor:
    """Read the style [shape=(1, CODE)] of a picture [shape=(1, 3, LOOK_PX, LOOK_PX)], 0 to 1."""

    def conv(name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight, bias = weights[f"look.{name}.weight"], weights[f"look.{name}.bias"]
        if weight.shape[-1] == 3:  # as TensorFlow pads: to the right and below first
            x = functional.pad(x, [stride % 2, 1, stride % 2, 1])
        return functional.conv2d(x, weight, bias, stride, 0, 1, x.shape[1] // weight.shape[1])

    x = conv("enter", picture, 2).clamp_(0, 6)
    for k, (grow, _, stride) in enumerate(BLOCKS):
        y = conv(f"{k}.grow", x).clamp_(0, 6) if grow > 1 else x
        y = conv(f"{k}.shrink", conv(f"{k}.each", y, stride).clamp_(0, 6))
        x = x + y if stride == 1 and x.shape == y.shape else y
    x = conv("leave", x).clamp_(0, 6).mean((2, 3))
    return functional.linear(x, weights["look.code.weight"], weights["look.code.bias"])
