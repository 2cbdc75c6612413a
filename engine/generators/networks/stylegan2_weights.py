"""Weights of a StyleGAN2's synthesis network, read from its file.

Also with a learned start of another size: a network of convolutions then draws a wider picture.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate

from engine.core.rng import draw
from engine.generators.libraries import functional, torch
from engine.generators.networks.dense import Source, check_activation, read_dense
from engine.generators.networks.modulation import make_modulated
from engine.generators.networks.resample import Pass, is_binomial, reducing
from engine.generators.networks.style_map import Size
from engine.generators.networks.stylegan2 import Block, Colour, Layer, Synthesis
from engine.generators.networks.styles import Styles, make_styles
from engine.models.formats.modules import GAINS

_LIGHT = ("linear", "relu", "lrelu")  # activations that let a positive gain through


def read_synthesis(
    source: Source, *, half: bool, start: Size | None = None, repeats: bool = True
) -> Synthesis:
    """Read the network.

    Parameters
    ----------
    half
        Lets blocks run in float16 that ask for it (CUDA).
    start
        Another size of the learned start (height, width): the picture grows with it, and noise goes
        on as fresh noise, which never repeats.
    repeats
        Whether the start is repeated; else it goes on afresh too, with the mean and the covariance
        of its places.

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
    height, width = start or (const.shape[1], const.shape[2])
    blocks = tuple(
        _read_block(source, name, half, (height << level, width << level))
        for level, name in enumerate(ordered)
    )
    grown = _tile(const, height, width) if repeats else _go_on(const, height, width)
    return Synthesis(grown, blocks, styles_of(blocks) if half else None)


def styles_of(blocks: tuple[Block, ...]) -> Styles | None:
    """Lay all layers and colours side by side; colours take the style after their block's."""
    layers = [layer.conv for block in blocks for layer in block.layers]
    ends = accumulate(len(block.layers) for block in blocks)
    colours = [(b.colour.conv, end) for b, end in zip(blocks, ends, strict=True) if b.colour]
    rows = [*range(len(layers)), *(end for _, end in colours)]
    return make_styles([*layers, *(conv for conv, _ in colours)], rows)


def _tile(const: torch.Tensor, height: int, width: int) -> torch.Tensor:
    rows, columns = -(-height // const.shape[1]), -(-width // const.shape[2])
    return const.repeat(1, rows, columns)[:, :height, :width].contiguous()


def _go_on(const: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Lay a field of fresh places [shape=(C, height, width)] round the learned ones."""
    places = const.flatten(1)  # (C, K)
    count, mean = places.shape[1], places.mean(dim=1, keepdim=True)
    drawn = draw(0, "start", 0, count * height * width).reshape(count, -1) / math.sqrt(count)
    weights = torch.from_numpy(drawn.astype("float32")).to(const.device)
    field = (mean + (places - mean) @ weights).view(-1, height, width)
    own = const[:, :height, :width]
    field[:, : own.shape[1], : own.shape[2]] = own
    return field.contiguous()


def _read_block(source: Source, name: str, half: bool, size: Size) -> Block:
    place = f"synthesis.{name}"
    architecture = source.attribute(place, "architecture", "skip")
    if architecture not in ("orig", "skip", "resnet"):
        raise ValueError(f"{place}: the architecture '{architecture!s:.40}' is unknown")
    half = half and bool(source.attribute(place, "use_fp16", False))
    has_skip = architecture == "resnet" and source.has(f"{place}.skip.weight")
    # A residual block halves the power of both paths, so that their sum keeps it.
    gains = (1.0, math.sqrt(0.5) if has_skip else 1.0)
    layers = tuple(
        _read_layer(source, f"{place}.{part}", (half, gain), up, size)
        for part, gain, up in zip(("conv0", "conv1"), gains, (2, 1), strict=True)
        if source.has(f"{place}.{part}.weight")
    )
    colour = _read_colour(source, f"{place}.torgb", half)
    taps = _taps(source, place, f"{place}.conv0")
    skip = _read_skip(source, f"{place}.skip", half) if has_skip else None
    skip_taps = _taps(source, f"{place}.skip", place)
    here = replace(source, device="cpu")  # what is asked now is not asked of a device
    binomial = all(
        is_binomial(_taps(here, *each))
        for each in ((place, f"{place}.conv0"), (f"{place}.skip", place))
    )
    return Block(name, layers, colour, skip, taps, skip_taps, half, binomial)


def _read_layer(source: Source, place: str, kind: tuple[bool, float], up: int, size: Size) -> Layer:
    half, gain = kind
    affine = read_dense(source, f"{place}.affine")
    weight = source.tensor(f"{place}.weight")
    conv = make_modulated(affine, weight, demodulate=True, half=half)
    activation = check_activation(place, source.attribute(place, "activation", "lrelu"))
    clamp = source.attribute(place, "conv_clamp")
    up = int(source.attribute(place, "up", up))
    taps = _taps(source, place, place.rpartition(".")[0]) if up == 2 else None
    blur = () if taps is None else _blur(taps, weight, half)
    own = _taps(replace(source, device="cpu"), place, place.rpartition(".")[0])
    bias = source.tensor(f"{place}.bias")
    act_gain = float(source.attribute(place, "act_gain", GAINS[activation])) * gain
    return Layer(
        name=place.removeprefix("synthesis."),
        conv=conv,
        up=up,
        taps=taps,
        bias=bias,
        noise=_read_noise(source, place, size),
        activation=activation,
        gain=act_gain,
        clamp=None if clamp is None else float(clamp) * gain,
        blur=blur,
        is_binomial=up == 2 and weight.shape[-1] == 3 and is_binomial(own),
        scaled_bias=(bias * act_gain)[:, None, None] if activation in _LIGHT else None,
        turned=_turned(conv.weight) if half and up == 2 else None,
    )


def _turned(weight: torch.Tensor) -> torch.Tensor:
    return weight.transpose(0, 1).contiguous(memory_format=torch.channels_last)


def _blur(taps: torch.Tensor, weight: torch.Tensor, half: bool) -> tuple[Pass, ...]:
    """Prepare the filter of a convolution [shape=(O, I, K, K)] that doubles: it keeps the size."""
    if taps.shape[-1] % 2:  # then one end has a border more, where a tap of zero does no harm
        taps = functional.pad(taps, (1, 0) * taps.ndim)
    border = 1 - weight.shape[-1] // 2 + (taps.shape[-1] - 2) // 2
    taps = taps.to(torch.float16 if half else torch.float32)
    passes = reducing(taps, weight.shape[0], 1)
    kept = [border * (side > 1) for each in passes for side in each.taps.shape[2:]]
    cuts = zip(kept[::2], kept[1::2], strict=True)
    return tuple(replace(each, cut=cut) for each, cut in zip(passes, cuts, strict=True))


def _read_noise(source: Source, place: str, size: Size) -> torch.Tensor | None:
    """Read a layer's noise, its strength folded in; beyond what was trained it goes on afresh."""
    if not source.attribute(place, "use_noise", True) or not source.has(f"{place}.noise_const"):
        return None
    noise = source.tensor(f"{place}.noise_const")
    height, width = noise.shape
    if size[0] > height or size[1] > width:
        fresh = draw(0, place, 0, size[0] * size[1]).reshape(size)
        wide = torch.from_numpy(fresh.astype("float32")).to(noise.device)
        wide[:height, :width] = noise[: size[0], : size[1]]
        noise = wide
    return noise * source.tensor(f"{place}.noise_strength")


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
    weight = source.tensor(f"{place}.weight")
    fallback = 1 / math.sqrt(weight[0].numel())
    gain = float(source.attribute(place, "weight_gain", fallback)) * math.sqrt(0.5)
    return (weight * gain).to(torch.float16 if half else torch.float32)


def _taps(source: Source, place: str, other: str) -> torch.Tensor:
    for name in (place, other):
        if source.has(f"{name}.resample_filter"):
            return source.tensor(f"{name}.resample_filter")
    # Files of other trainers keep no filter: theirs is always this one.
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], device=source.device) / 8
    return torch.outer(taps, taps)
