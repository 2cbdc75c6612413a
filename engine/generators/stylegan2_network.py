"""The synthesis network of StyleGAN2: skip, residual and original architecture.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020) and "Training
generative adversarial networks with limited data" (2020). Written from published facts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.generators.fir import double, resample
from engine.generators.layers import Source, activate, check_activation, read_dense
from engine.generators.modulation import Bend, Modulated, make_modulated

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with style, noise, bias and activation.

    Parameters
    ----------
    name
        In the file.
    conv
        The convolution; its input's resolution is doubled if `up` is 2.
    taps
        Filter of the doubling.
    bias
        [shape=(O,)]
    noise
        The network's own noise, its strength folded in [shape=(H, W)]; None: no noise.
    activation, gain, clamp
        Clamp None: none.
    """

    name: str
    conv: Modulated
    up: int
    taps: torch.Tensor | None
    bias: torch.Tensor
    noise: torch.Tensor | None
    activation: str
    gain: float
    clamp: float | None


@dataclass(frozen=True, slots=True)
class Colour:
    """The layer that turns features into colours: `bias` [shape=(3,)], clamp None: none."""

    name: str
    conv: Modulated
    bias: torch.Tensor
    clamp: float | None


@dataclass(frozen=True, slots=True)
class Block:
    """One resolution.

    Parameters
    ----------
    name
        ``b64``
    layers
        conv0 (where there is one) and conv1.
    colour
        None where the architecture draws no colours here.
    skip
        Weight of the residual path [shape=(O, I, 1, 1)], its gain folded in; None: no such path.
    taps
        Filter that enlarges the picture so far.
    skip_taps
        Filter of the residual path.
    half
        Whether this block runs in float16.
    """

    name: str
    layers: tuple[Layer, ...]
    colour: Colour | None
    skip: torch.Tensor | None
    taps: torch.Tensor
    skip_taps: torch.Tensor
    half: bool


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthesis network: the learned start [shape=(C, H, W)] and its blocks, coarse to fine."""

    const: torch.Tensor
    blocks: tuple[Block, ...]

    @property
    def num_ws(self) -> int:
        """How many styles it takes: one per layer, and one for the last colours."""
        return sum(len(block.layers) for block in self.blocks) + 1


def read_synthesis(source: Source, *, half: bool) -> Synthesis:
    """Read the network; `half` lets blocks run in float16 that ask for it (CUDA).

    Raises
    ------
    ValueError
        If a tensor is missing or an activation is unknown.
    """
    names = {key.split(".")[1] for key in source.state if key.startswith("synthesis.b")}
    ordered = sorted(names, key=lambda name: int(name[1:]))
    const = source.tensor("synthesis.b4.const")
    if const.ndim == 4:
        const = const[0]
    return Synthesis(const, tuple(_read_block(source, name, half) for name in ordered))


def synthesize(
    network: Synthesis,
    ws: torch.Tensor,
    noise_mode: str = "const",
    noise_strengths: torch.Tensor | None = None,
    bend: Bend | None = None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as a raw picture [shape=(N, 3, H, W)], about -1..1.

    Parameters
    ----------
    noise_mode
        ``const`` or ``none``.
    noise_strengths
        Factor on the noise of each resolution [shape=(number of blocks,)].
    bend
        Sees and may replace every layer's output, by its name.
    """
    x = network.const.expand(len(ws), -1, -1, -1)
    picture: torch.Tensor | None = None
    place = 0
    for index, block in enumerate(network.blocks):
        strength = None if noise_strengths is None else noise_strengths[index]
        x = _enter(block, x)
        residual = _residual(block, x)
        for layer in block.layers:
            x = _apply(layer, x, ws[:, place], noise_mode == "const", strength)
            x = bend(layer.name, x) if bend else x
            place += 1
        x = x if residual is None else residual + x
        if picture is not None:
            picture = double(picture, block.taps)
        if block.colour is not None:
            y = _colour(block.colour, x, ws[:, place])
            y = bend(block.colour.name, y) if bend else y
            picture = y if picture is None else picture + y
    assert picture is not None
    return picture


def _enter(block: Block, x: torch.Tensor) -> torch.Tensor:
    import torch

    if block.half:
        return x.to(torch.float16, memory_format=torch.channels_last)
    return x.to(torch.float32)


def _residual(block: Block, x: torch.Tensor) -> torch.Tensor | None:
    from torch.nn import functional

    if block.skip is None:
        return None
    y = functional.conv2d(x, block.skip)
    return double(y, block.skip_taps)


def _apply(
    layer: Layer, x: torch.Tensor, w: torch.Tensor, noisy: bool, strength: torch.Tensor | None
) -> torch.Tensor:
    s, d = layer.conv.scales(w)
    y = _convolve(layer, layer.conv.scale_in(x, s))
    if d is not None:
        y = y * d.to(y.dtype)[:, :, None, None]
    if noisy and layer.noise is not None:
        noise = layer.noise if strength is None else layer.noise * strength
        y = y + noise.to(y.dtype)
    y = activate(y + layer.bias.to(y.dtype)[:, None, None], layer.activation, layer.gain)
    return y if layer.clamp is None else y.clamp(-layer.clamp, layer.clamp)


def _convolve(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional

    weight = layer.conv.weight
    size = weight.shape[-1]
    if layer.up == 1:
        return functional.conv2d(x, weight, padding=size // 2)
    assert layer.taps is not None
    y = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    n = layer.taps.shape[-1]
    before = size // 2 + (n + 1) // 2 - (size - 1)
    after = size // 2 + (n - 2) // 2 - (size - 2)
    gain = 4.0 if layer.taps.ndim == 2 else 2.0
    return resample(y, layer.taps * gain, 1, 1, (before, after, before, after))


def _colour(colour: Colour, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    import torch
    from torch.nn import functional

    s, _ = colour.conv.scales(w)
    y = functional.conv2d(colour.conv.scale_in(x, s), colour.conv.weight)
    y = y + colour.bias.to(y.dtype)[:, None, None]
    if colour.clamp is not None:
        y = y.clamp(-colour.clamp, colour.clamp)
    return y.to(torch.float32)


def _read_block(source: Source, name: str, half: bool) -> Block:
    place = f"synthesis.{name}"
    architecture = source.attribute(place, "architecture", "skip")
    if architecture not in ("orig", "skip", "resnet"):
        raise ValueError(f"{place}: the architecture '{architecture!s:.40}' is unknown")
    half = half and bool(source.attribute(place, "use_fp16", False))
    has_skip = architecture == "resnet" and source.has(f"{place}.skip.weight")
    # A residual block halves the power of both paths, so that their sum keeps it.
    gains = (1.0, math.sqrt(0.5) if has_skip else 1.0)
    layers = tuple(
        _read_layer(source, f"{place}.{part}", gain, half, up)
        for part, gain, up in zip(("conv0", "conv1"), gains, (2, 1), strict=True)
        if source.has(f"{place}.{part}.weight")
    )
    colour = _read_colour(source, f"{place}.torgb", half)
    taps = _taps(source, place, f"{place}.conv0")
    skip = _read_skip(source, f"{place}.skip", half) if has_skip else None
    skip_taps = _taps(source, f"{place}.skip", place)
    return Block(name, layers, colour, skip, taps, skip_taps, half)


def _read_layer(source: Source, place: str, gain: float, half: bool, up: int) -> Layer:
    affine = read_dense(source, f"{place}.affine")
    weight = source.tensor(f"{place}.weight")
    conv = make_modulated(affine, weight, demodulate=True, half=half)
    noise = None
    if source.attribute(place, "use_noise", True) and source.has(f"{place}.noise_const"):
        noise = source.tensor(f"{place}.noise_const") * source.tensor(f"{place}.noise_strength")
    activation = check_activation(place, source.attribute(place, "activation", "lrelu"))
    default = math.sqrt(2) if activation in ("relu", "lrelu", "swish") else 1.0
    clamp = source.attribute(place, "conv_clamp")
    return Layer(
        name=place.removeprefix("synthesis."),
        conv=conv,
        up=int(source.attribute(place, "up", up)),
        taps=_taps(source, place, place.rpartition(".")[0]) if up == 2 else None,
        bias=source.tensor(f"{place}.bias"),
        noise=noise,
        activation=activation,
        gain=float(source.attribute(place, "act_gain", default)) * gain,
        clamp=None if clamp is None else float(clamp) * gain,
    )


def _read_colour(source: Source, place: str, half: bool) -> Colour | None:
    if not source.has(f"{place}.weight"):
        return None
    weight = source.tensor(f"{place}.weight")
    fallback = 1 / math.sqrt(weight[0].numel())
    affine = read_dense(
        source, f"{place}.affine", float(source.attribute(place, "weight_gain", fallback))
    )
    conv = make_modulated(affine, weight, demodulate=False, half=half)
    clamp = source.attribute(place, "conv_clamp")
    return Colour(
        place.removeprefix("synthesis."),
        conv,
        source.tensor(f"{place}.bias"),
        None if clamp is None else float(clamp),
    )


def _read_skip(source: Source, place: str, half: bool) -> torch.Tensor:
    import torch

    weight = source.tensor(f"{place}.weight")
    fallback = 1 / math.sqrt(weight[0].numel())
    gain = float(source.attribute(place, "weight_gain", fallback)) * math.sqrt(0.5)
    return (weight * gain).to(torch.float16 if half else torch.float32)


def _taps(source: Source, place: str, other: str) -> torch.Tensor:
    import torch

    for name in (place, other):
        if source.has(f"{name}.resample_filter"):
            return source.tensor(f"{name}.resample_filter")
    # Files of other trainers keep no filter: theirs is always this one.
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], device=source.device) / 8
    return torch.outer(taps, taps)
