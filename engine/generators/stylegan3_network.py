"""The synthesis network of StyleGAN3: Fourier features and alias-free layers.

T. Karras et al., "Alias-free generative adversarial networks" (2021). Written from published facts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.generators.fir import Padding, resample
from engine.generators.layers import Dense, Source, read_dense
from engine.generators.modulation import Bend, Modulated, make_modulated

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Waves:
    """The Fourier features that the network starts from.

    Parameters
    ----------
    affine
        Style → rotation (cosine, sine) and translation (x, y).
    freqs
        Wave vectors in turns per picture [shape=(C, 2)].
    phases
        In turns [shape=(C,)].
    weight
        Mixes the waves, its gain folded in [shape=(O, C)].
    transform
        Resting transform of the coordinates [shape=(3, 3)].
    points
        Centres of the samples, x first [shape=(H, W, 2)].
    rate, bandwidth
        Samples per picture, and frequency at which waves begin to fade.
    """

    affine: Dense
    freqs: torch.Tensor
    phases: torch.Tensor
    weight: torch.Tensor
    transform: torch.Tensor
    points: torch.Tensor
    rate: float
    bandwidth: float


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with style, bias and a filtered activation.

    Parameters
    ----------
    name
        In the file.
    conv
        The convolution.
    gain
        Of its input: 1 / sqrt(mean power of the input in training) [shape=()].
    bias
        [shape=(O,)]
    up_taps, down_taps
        Filters, gain folded in; None: no filter.
    up, down, padding
        See `fir.resample`; the padding belongs to the upsampling.
    slope, act_gain, clamp
        Of the activation; clamp None: none.
    half
        Whether it runs in float16.
    """

    name: str
    conv: Modulated
    gain: torch.Tensor
    bias: torch.Tensor
    up_taps: torch.Tensor | None
    down_taps: torch.Tensor | None
    up: int
    down: int
    padding: Padding
    slope: float
    act_gain: float
    clamp: float | None
    half: bool


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthesis network: waves, layers in order, and the scale of the last output."""

    waves: Waves
    layers: tuple[Layer, ...]
    output_scale: float

    @property
    def num_ws(self) -> int:
        """How many styles it takes: one for the waves, one per layer."""
        return len(self.layers) + 1


def read_synthesis(source: Source, *, half: bool) -> Synthesis:
    """Read the network; `half` lets layers run in float16 that ask for it (CUDA).

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
    return Synthesis(read_waves(source), layers, scale)


def synthesize(
    network: Synthesis,
    ws: torch.Tensor,
    transform: torch.Tensor | None = None,
    bend: Bend | None = None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as a raw picture [shape=(N, 3, H, W)], about -1..1.

    Parameters
    ----------
    transform
        Inverse of the picture's transform, in picture widths, instead of the resting one
        [shape=(3, 3)].
    bend
        Sees and may replace every layer's output, by its name.
    """
    x = wave(network.waves, ws[:, 0], transform)
    x = bend("input", x) if bend else x
    for place, layer in enumerate(network.layers, 1):
        x = _apply(layer, x, ws[:, place])
        x = bend(layer.name, x) if bend else x
    return x * network.output_scale


def wave(waves: Waves, w: torch.Tensor, transform: torch.Tensor | None = None) -> torch.Tensor:
    """Draw the Fourier features of styles [shape=(N, Dw)] as [shape=(N, O, H, W)]."""
    import torch

    freqs, phases = place_waves(waves, w, waves.transform if transform is None else transform)
    reach = freqs.norm(dim=2)  # (N, C)
    amplitude = 1 - (reach - waves.bandwidth) / (waves.rate / 2 - waves.bandwidth)
    turns = torch.einsum("hwk,nck->nhwc", waves.points, freqs) + phases[:, None, None]
    x = torch.sin(turns * (2 * math.pi)) * amplitude.clamp(0, 1)[:, None, None]
    mixed: torch.Tensor = x @ waves.weight.T
    return mixed.permute(0, 3, 1, 2)


def place_waves(
    waves: Waves, w: torch.Tensor, transform: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotate and move the waves by style and transform: freqs [shape=(N, C, 2)] and phases."""
    t = waves.affine(w)
    t = t / t[:, :2].norm(dim=1, keepdim=True)
    cosine, sine, x, y = t.unbind(1)
    zero, one = cosine * 0, cosine * 0 + 1
    rotate = _matrix(((cosine, -sine, zero), (sine, cosine, zero), (zero, zero, one)))
    move = _matrix(((one, zero, -x), (zero, one, -y), (zero, zero, one)))
    whole = rotate @ move @ transform
    phases = waves.phases + (waves.freqs @ whole[:, :2, 2:]).squeeze(2)
    return waves.freqs @ whole[:, :2, :2], phases


def _matrix(rows: tuple[tuple[torch.Tensor, ...], ...]) -> torch.Tensor:
    import torch

    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def _apply(layer: Layer, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    import torch
    from torch.nn import functional

    s, d = layer.conv.scales(w)
    x = layer.conv.scale_in(x.to(torch.float16 if layer.half else torch.float32), s * layer.gain)
    x = functional.conv2d(x, layer.conv.weight, padding=layer.conv.weight.shape[-1] - 1)
    if d is not None:
        x = x * d.to(x.dtype)[:, :, None, None]
    return filtered_lrelu(layer, x + layer.bias.to(x.dtype)[:, None, None])


def filtered_lrelu(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """Upsample, activate and downsample x [shape=(N, C, H, W)]: no frequency folds over."""
    from torch.nn import functional

    if layer.up_taps is not None:
        x = resample(x, layer.up_taps, layer.up, 1, layer.padding)
    else:
        x = functional.pad(x, layer.padding)
    if layer.slope != 1.0:
        x = functional.leaky_relu(x, layer.slope)
    if layer.act_gain != 1.0:
        x = x * layer.act_gain
    if layer.clamp is not None:
        x = x.clamp(-layer.clamp, layer.clamp)
    if layer.down_taps is None:
        return x[:, :, :: layer.down, :: layer.down]
    return resample(x, layer.down_taps, 1, layer.down, (0, 0, 0, 0))


def read_waves(source: Source, name: str = "synthesis.input") -> Waves:
    """Read the Fourier features."""
    import torch

    weight = source.tensor(f"{name}.weight")
    freqs = source.tensor(f"{name}.freqs")
    rate = float(source.attribute(name, "sampling_rate"))
    width, height = (int(side) for side in source.attribute(name, "size"))
    x = (torch.arange(width, dtype=torch.float32) + 0.5 - width / 2) / rate
    y = (torch.arange(height, dtype=torch.float32) + 0.5 - height / 2) / rate
    across, along = torch.meshgrid(x, y, indexing="xy")
    has_transform = source.has(f"{name}.transform")
    rest = source.tensor(f"{name}.transform") if has_transform else torch.eye(3)
    return Waves(
        affine=read_dense(source, f"{name}.affine"),
        freqs=freqs,
        phases=source.tensor(f"{name}.phases"),
        weight=weight / math.sqrt(weight.shape[1]),
        transform=rest.to(source.device),
        points=torch.stack([across, along], dim=2).to(source.device),
        rate=rate,
        bandwidth=float(source.attribute(name, "bandwidth")),
    )


def _read_layer(source: Source, name: str, half: bool) -> Layer:
    place = f"synthesis.{name}"
    weight = source.tensor(f"{place}.weight")
    is_colour = bool(source.attribute(place, "is_torgb", False))
    half = half and bool(source.attribute(place, "use_fp16", False))
    gain = 1 / math.sqrt(weight[0].numel()) if is_colour else 1.0
    affine = read_dense(source, f"{place}.affine", gain)
    clamp = source.attribute(place, "conv_clamp")
    left, right, top, bottom = (int(n) for n in source.attribute(place, "padding", (0, 0, 0, 0)))
    up = int(source.attribute(place, "up_factor", 1))
    taps = _taps(source, f"{place}.up_filter")
    if taps is not None:
        taps = taps * float(up) ** taps.ndim
    power = source.tensor(f"{place}.magnitude_ema")
    return Layer(
        name=name,
        conv=make_modulated(affine, weight, demodulate=not is_colour, even=True, half=half),
        gain=power.rsqrt(),
        bias=source.tensor(f"{place}.bias"),
        up_taps=taps,
        down_taps=_taps(source, f"{place}.down_filter"),
        up=up,
        down=int(source.attribute(place, "down_factor", 1)),
        padding=(left, right, top, bottom),
        slope=1.0 if is_colour else 0.2,
        act_gain=1.0 if is_colour else math.sqrt(2),
        clamp=None if clamp is None else float(clamp),
        half=half,
    )


def _taps(source: Source, name: str) -> torch.Tensor | None:
    return source.tensor(name) if source.has(name) else None
