"""The generator in training: that of StyleGAN2, exactly as `kinds.stylegan2` plays it.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020): mapping network,
skip generator, style mixing, noise.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.lab.gan.blocks import ROOT2, TAPS, Colour, Dense, Styled, activate, double
from engine.lab.gan.shape import SMALLEST, Shape
from engine.models.network import STYLEGAN2, Network

_MAPPING_RATE = 0.01
_MARGIN = 1  # places of the start round a trained picture's, in a window


class Generator(nn.Module):
    """Mapping and synthesis; its parts are named as in the files of networks."""

    w_avg: torch.Tensor

    def __init__(self, shape: Shape, *, noisy: bool = True) -> None:
        super().__init__()
        self.shape, self.noisy, self.layout = shape, noisy, torch.channels_last
        sizes = [shape.z_dim] + [shape.w_dim] * shape.mapping
        self.mapping = nn.ModuleList(Dense(a, b, _MAPPING_RATE) for a, b in pairwise(sizes))
        self.const = nn.Parameter(torch.zeros(shape.channels(SMALLEST), SMALLEST, SMALLEST))
        self.layers, self.colours = nn.ModuleDict(), nn.ModuleDict()
        before = shape.channels(SMALLEST)
        for side in shape.sides:
            here, of_noise = shape.channels(side), side if noisy else None
            if side > SMALLEST:
                self.layers[f"b{side}_conv0"] = Styled(
                    shape.w_dim, before, here, of_noise, doubles=True
                )
            self.layers[f"b{side}_conv1"] = Styled(shape.w_dim, here, here, of_noise, doubles=False)
            self.colours[f"b{side}"] = Colour(shape.w_dim, here)
            before = here
        self.register_buffer("w_avg", torch.zeros(shape.w_dim))

    def map(self, z: torch.Tensor) -> torch.Tensor:
        """Return styles [shape=(N, w_dim)] of latents [shape=(N, z_dim)]."""
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            x = activate(layer(x))
        return x

    def fresh_start(self, side: int, random: torch.Generator) -> torch.Tensor:
        """Return a larger start [shape=(C, side, side)], as a player lays it out on a wide canvas.

        Its places are drawn with the mean and the covariance of the learned ones.
        """
        places = self.const.flatten(1)
        count, mean = places.shape[1], places.mean(1, keepdim=True)
        drawn = torch.randn((count, side * side), generator=random, device=places.device)
        field = mean + (places - mean) @ (drawn / math.sqrt(count))
        return field.view(-1, side, side)

    def draw(
        self,
        ws: torch.Tensor,
        side: int,
        random: torch.Generator | None = None,
        start: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Draw pictures [shape=(N, 3, side, side)], about -1 to 1.

        Parameters
        ----------
        ws
            Styles [shape=(N, num_ws, w_dim)].
        side
            Side of the pictures in pixels: that of a block.
        random
            Of the noise; None: the noise that the file holds.
        start
            Instead of the learned one [shape=(C, H, W)]; the picture grows with it.
        """
        x = (self.const if start is None else start)[None].expand(len(ws), -1, -1, -1)
        x = x.contiguous(memory_format=self.layout)
        picture: torch.Tensor | None = None
        place = 0
        for here in (s for s in self.shape.sides if s <= side):
            for part in ("conv0", "conv1") if here > SMALLEST else ("conv1",):
                x = self.layers[f"b{here}_{part}"](x, ws[:, place], random)
                place += 1
            colour = self.colours[f"b{here}"](x, ws[:, place])
            picture = colour if picture is None else double(picture) + colour
        assert picture is not None
        return picture

    def mixed(self, z: torch.Tensor, other: torch.Tensor, cut: int) -> torch.Tensor:
        """Return styles [shape=(N, num_ws, w_dim)]: of `z` before `cut`, of `other` after it."""
        count = self.shape.num_ws
        first = self.map(z)
        if cut >= count:
            return first[:, None].expand(-1, count, -1)
        second = self.map(other)
        is_first = (torch.arange(count, device=z.device) < cut)[None, :, None]
        return torch.where(is_first, first[:, None], second[:, None])

    def forward(
        self, z: torch.Tensor, other: torch.Tensor, cut: int, side: int, random: torch.Generator
    ) -> torch.Tensor:
        """Draw pictures that take the styles of `z` before the place `cut` and of `other` after."""
        return self.draw(self.mixed(z, other, cut), side, random)

    def window(
        self, ws: torch.Tensor, side: int, random: torch.Generator, place: tuple[float, float]
    ) -> torch.Tensor:
        """Draw the part of a larger picture, at a place of 0 to 1, that a trained one covers.

        Returns
        -------
        torch.Tensor
            [shape=(N, 3, side, side)]
        """
        whole = self.draw(ws, side, random, self.fresh_start(SMALLEST + 2 * _MARGIN, random))
        margin, spare = side // 8, whole.shape[2] - side - side // 4
        top, left = (margin + round(part * spare) for part in place)
        return whole[:, :, top : top + side, left : left + side]


def initial_start(generator: Generator, random: torch.Generator) -> None:
    """Give the learned start its random start."""
    generator.const.data.copy_(torch.randn(generator.const.shape, generator=random))


def arrays_of(generator: Generator) -> dict[str, NDArray[np.float32]]:
    """Return every tensor of a generator's file, by name, float32."""
    state = _held(generator)
    for name, module in _parts(generator):
        if isinstance(module, Styled):
            state[f"{name}.resample_filter"] = TAPS
    for side in generator.shape.sides:
        state[f"synthesis.b{side}.resample_filter"] = TAPS
    return {name: x.detach().cpu().numpy().astype(np.float32) for name, x in state.items()}


def load_arrays(generator: Generator, state: dict[str, NDArray[Any]]) -> None:
    """Give a generator the tensors of a file that `arrays_of` described.

    Raises
    ------
    KeyError
        If one is missing.
    """
    with torch.no_grad():
        for name, tensor in _held(generator).items():
            tensor.copy_(torch.from_numpy(np.array(state[name], np.float32)).view(tensor.shape))


def _held(generator: Generator) -> dict[str, torch.Tensor]:
    """Return what a generator holds itself, by its name in files; the tensors are its own."""
    found: dict[str, torch.Tensor] = {
        "mapping.w_avg": generator.w_avg,
        "synthesis.b4.const": generator.const,
    }
    for place, layer in enumerate(generator.mapping):
        found |= {f"mapping.fc{place}.{part}": x for part, x in layer.state_dict().items()}
    for name, module in _parts(generator):
        found |= {f"{name}.{part}": x for part, x in module.state_dict().items()}
    return found


def _parts(generator: Generator) -> list[tuple[str, nn.Module]]:
    layers = [(f"synthesis.{k.replace('_', '.')}", x) for k, x in generator.layers.items()]
    return layers + [(f"synthesis.{k}.torgb", x) for k, x in generator.colours.items()]


def modules_of(shape: Shape, *, noisy: bool = True) -> dict[str, dict[str, Any]]:
    """Return the attributes of each module of a generator's file."""
    sizes = {"z_dim": shape.z_dim, "c_dim": 0, "w_dim": shape.w_dim, "num_ws": shape.num_ws}
    linear = {"activation": "linear", "weight_gain": 1 / math.sqrt(shape.w_dim), "bias_gain": 1.0}
    modules: dict[str, dict[str, Any]] = {
        "": {**sizes, "img_resolution": shape.size, "img_channels": 3},
        "mapping": {**sizes, "num_layers": shape.mapping},
        "synthesis": {"block_resolutions": list(shape.sides), "num_ws": shape.num_ws},
    }
    for place in range(shape.mapping):
        inputs = shape.w_dim if place else shape.z_dim
        gain = _MAPPING_RATE / math.sqrt(inputs)
        modules[f"mapping.fc{place}"] = {
            "activation": "lrelu", "weight_gain": gain, "bias_gain": _MAPPING_RATE,
        }  # fmt: skip
    for side in shape.sides:
        name, here = f"synthesis.b{side}", shape.channels(side)
        modules[name] = {
            "resolution": side, "architecture": "skip", "is_last": side == shape.size,
            "use_fp16": False,
        }  # fmt: skip
        for part in ("conv0", "conv1") if side > SMALLEST else ("conv1",):
            modules[f"{name}.{part}.affine"] = linear
            modules[f"{name}.{part}"] = {
                "up": 2 if part == "conv0" else 1, "use_noise": noisy, "activation": "lrelu",
                "conv_clamp": None, "padding": 1, "act_gain": ROOT2,
            }  # fmt: skip
        modules[f"{name}.torgb.affine"] = linear
        modules[f"{name}.torgb"] = {"conv_clamp": None, "weight_gain": 1 / math.sqrt(here)}
    return modules


def network_of(generator: Generator, **about: Any) -> Network:
    """Turn a generator into a network as its file holds it; `about` are further fields of it."""
    return Network(
        STYLEGAN2,
        arrays_of(generator),
        modules_of(generator.shape, noisy=generator.noisy),
        **about,
    )
