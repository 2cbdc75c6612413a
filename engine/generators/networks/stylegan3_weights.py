"""Weights of a StyleGAN3's synthesis network, read from its file, also for a wider picture."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.generators.libraries import torch
from engine.generators.networks.dense import Source, read_dense
from engine.generators.networks.modulation import make_modulated
from engine.generators.networks.resample import enlarging, reducing
from engine.generators.networks.stylegan3 import BASIS, Layer, Synthesis, Waves
from engine.generators.networks.styles import Styles, make_styles


def read_synthesis(
    source: Source, *, half: bool, extent: tuple[float, float] = (1.0, 1.0)
) -> Synthesis:
    """Read the network.

    Parameters
    ----------
    half
        Lets layers run in float16 that ask for it (CUDA).
    extent
        Height and width of the picture in trained ones: the waves simply go on. Rounded up to what
        the coarsest layer can hold, see `Waves.extent`.

    Raises
    ------
    ValueError
        If a tensor or the order of the layers is missing.
    """
    names = source.attribute("synthesis", "layer_names")
    if not names:
        raise ValueError("the network lacks 'layer_names' of its synthesis; its order is unknown")
    layers = tuple(_read_layer(source, str(name), half) for name in names)
    scale = float(source.attribute("synthesis", "output_scale", 1.0))
    waves = read_waves(source, extent=extent)
    return Synthesis(waves, layers, scale, styles_of(layers) if half else None)


def styles_of(layers: tuple[Layer, ...]) -> Styles | None:
    """Lay the affine layers side by side; the waves have the first style."""
    return make_styles([layer.conv for layer in layers], range(1, len(layers) + 1))


def read_rest(source: Source, name: str = "synthesis.input") -> torch.Tensor:
    """Read the resting transform of the coordinates [shape=(3, 3)]."""
    place = f"{name}.transform"
    return source.tensor(place) if source.has(place) else torch.eye(3)


def read_waves(
    source: Source, name: str = "synthesis.input", *, extent: tuple[float, float] = (1.0, 1.0)
) -> Waves:
    """Read the Fourier features, for a picture of `extent` trained ones."""
    weight = source.tensor(f"{name}.weight")
    freqs = source.tensor(f"{name}.freqs")
    rate = float(source.attribute(name, "sampling_rate"))
    width, height = (int(side) for side in source.attribute(name, "size"))
    high, wide = (math.ceil(side * rate - 1e-6) / rate for side in extent)
    height, width = height + round((high - 1) * rate), width + round((wide - 1) * rate)
    x = (torch.arange(width, dtype=torch.float32) + 0.5 - width / 2) / rate
    y = (torch.arange(height, dtype=torch.float32) + 0.5 - height / 2) / rate
    across, along = torch.meshgrid(x, y, indexing="xy")
    return Waves(
        affine=read_dense(source, f"{name}.affine"),
        freqs=freqs,
        phases=source.tensor(f"{name}.phases"),
        weight=weight / math.sqrt(weight.shape[1]),
        transform=read_rest(source, name).to(source.device),
        basis=torch.tensor(BASIS).to(source.device),
        points=torch.stack([across, along], dim=2).to(source.device),
        rate=rate,
        bandwidth=float(source.attribute(name, "bandwidth")),
        extent=(high, wide),
    )


def _read_layer(source: Source, name: str, half: bool) -> Layer:
    place = f"synthesis.{name}"
    weight = source.tensor(f"{place}.weight")
    is_colour = bool(source.attribute(place, "is_torgb", False))
    is_gained, half = half, half and bool(source.attribute(place, "use_fp16", False))
    gain = 1 / math.sqrt(weight[0].numel()) if is_colour else 1.0
    affine = read_dense(source, f"{place}.affine", gain)
    clamp = source.attribute(place, "conv_clamp")
    left, right, top, bottom = (int(n) for n in source.attribute(place, "padding", (0, 0, 0, 0)))
    up = int(source.attribute(place, "up_factor", 1))
    taps = _taps(source, f"{place}.up_filter")
    if taps is not None:
        taps = taps * float(up) ** taps.ndim
    down = int(source.attribute(place, "down_factor", 1))
    down_taps = _taps(source, f"{place}.down_filter")
    act_gain = 1.0 if is_colour else math.sqrt(2)
    kind = torch.float16 if half else torch.float32
    channels, padding = weight.shape[0], (left, right, top, bottom)
    enlarged = None
    if taps is not None:
        enlarged = enlarging(taps.to(kind), channels, up, padding, act_gain)
    gain_in = source.tensor(f"{place}.magnitude_ema").rsqrt()
    conv = make_modulated(affine, weight, demodulate=not is_colour, even=True, half=half)
    if is_gained:
        conv = replace(conv, weight=(conv.weight * gain_in).to(kind))
    return Layer(
        name=name,
        conv=conv,
        gain=None if is_gained else gain_in,
        bias=source.tensor(f"{place}.bias").to(kind),
        up_taps=taps,
        down_taps=down_taps,
        up=up,
        down=down,
        padding=padding,
        slope=1.0 if is_colour else 0.2,
        act_gain=act_gain,
        clamp=None if clamp is None else float(clamp),
        half=half,
        enlarging=enlarged or (),
        reducing=() if down_taps is None else reducing(down_taps.to(kind), channels, down),
    )


def _taps(source: Source, name: str) -> torch.Tensor | None:
    return source.tensor(name) if source.has(name) else None
