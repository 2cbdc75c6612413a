"""The synthesis network of StyleGAN3: Fourier features and alias-free layers.

T. Karras et al., "Alias-free generative adversarial networks" (2021). Written from published facts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.generators.libraries import functional, torch
from engine.generators.networks.dense import Dense
from engine.generators.networks.modulation import Bend, Modulated, Scales
from engine.generators.networks.resample import Padding, Pass, resample
from engine.generators.networks.style_map import Area, Grid, Size, scales_at, spread_out
from engine.generators.networks.styles import Styles

BASIS = (  # what c, s, c x, c y, s x, s y and 1 add to the matrix of `_placing`, row by row
    (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
)


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
    basis
        `BASIS`, on the device.
    rate, bandwidth
        Samples per trained picture, and frequency at which waves begin to fade.
    extent
        Height and width of the picture in trained ones: 1, 1 unless the network draws more.
    """

    affine: Dense
    freqs: torch.Tensor
    phases: torch.Tensor
    weight: torch.Tensor
    transform: torch.Tensor
    points: torch.Tensor
    basis: torch.Tensor
    rate: float
    bandwidth: float
    extent: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with style, bias and a filtered activation.

    Parameters
    ----------
    gain
        Of its input: 1 / sqrt(mean power of the input in training) [shape=()]; None: the weight
        has it.
    bias
        [shape=(O,)]
    up_taps, down_taps
        Filters, gain folded in; None: no filter.
    up, down, padding
        See `resample.resample`; the padding belongs to the upsampling.
    slope, act_gain, clamp
        Of the activation; clamp None: none.
    enlarging, reducing
        The filters, ready; the activation's gain is in them, which leaky ReLU lets through. Empty
        where one has to be made by `resample`.
    """

    name: str
    conv: Modulated
    gain: torch.Tensor | None
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
    enlarging: tuple[Pass, ...] = ()
    reducing: tuple[Pass, ...] = ()

    def gained(self, s: torch.Tensor) -> torch.Tensor:
        """Scales of the input, its gain included."""
        return s if self.gain is None else s * self.gain


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthesis network: waves, layers in order, and the scale of the last output.

    On a GPU it also has the `styles` of all layers at once.
    """

    waves: Waves
    layers: tuple[Layer, ...]
    output_scale: float
    styles: Styles | None = None

    @property
    def num_ws(self) -> int:
        """How many styles it takes: one for the waves, one per layer."""
        return len(self.layers) + 1


def synthesize(
    network: Synthesis,
    ws: torch.Tensor,
    transform: torch.Tensor | None = None,
    bend: Bend | None = None,
    grid: Grid | None = None,
) -> torch.Tensor:
    """Draw styles [shape=(N, num_ws, Dw)] as a raw picture [shape=(N, 3, H, W)], about -1..1.

    Parameters
    ----------
    transform
        Inverse of the picture's transform, in picture widths, instead of the resting one
        [shape=(3, 3)].
    bend
        Sees and may replace every layer's output, by its name.
    grid
        The styles are those of one picture, at the places of this grid, row by row. The waves have
        one place and angle for all: they take the mean style.
    """
    return _pass(network, ws, math.inf, transform, bend, grid) * network.output_scale


def features(
    network: Synthesis,
    ws: torch.Tensor,
    width: float,
    transform: torch.Tensor | None = None,
    bend: Bend | None = None,
    grid: Grid | None = None,
) -> torch.Tensor:
    """Return the last features before colours that are no wider than `width`, or the first.

    Parameters are those of `synthesize`. Returns [shape=(N, C, H, W)] without the margin.
    """
    return _pass(network, ws, width, transform, bend, grid).float()


def _pass(
    network: Synthesis,
    ws: torch.Tensor,
    widest: float,
    transform: torch.Tensor | None,
    bend: Bend | None,
    grid: Grid | None,
) -> torch.Tensor:
    """Go through the layers: all, or up to colours and a width, where the margin is cut off."""
    waves = network.waves
    closed = grid is not None and grid.closed
    x = wave(waves, ws[:, 0] if grid is None else ws[:, 0].mean(0, keepdim=True), transform, closed)
    x = bend("input", x) if bend else x
    rate = waves.rate
    layers = network.layers if math.isinf(widest) else network.layers[:-1]
    ready = network.styles.scales(ws) if network.styles is not None and grid is None else None
    for place, layer in enumerate(layers, 1):
        passed = rate * layer.up / layer.down
        if passed > rate and inner_size(waves, passed)[1] > widest:
            break
        if ready:
            scales = spread_out(ready[id(layer.conv)])
        else:
            scales = _scales(layer, x, ws[:, place], grid, inner_size(waves, rate))
        x = _apply(layer, x, scales)
        rate = passed
        if closed:
            rewrap(x, inner_size(waves, rate)[1])
        x = bend(layer.name, x) if bend else x
    if math.isinf(widest):
        return x
    height, width = inner_size(waves, rate)
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def inner_size(waves: Waves, rate: float) -> Size:
    """How much of a layer of so many samples per trained picture is no margin: height, width."""
    return round(waves.extent[0] * rate), round(waves.extent[1] * rate)


def rewrap(x: torch.Tensor, inner: int) -> None:
    """Make both margins of a band [shape=(N, C, H, W)] what lies on the other side, in place."""
    margin = (x.shape[3] - inner) // 2
    if margin > 0:
        x[..., :margin] = x[..., inner : inner + margin]
        x[..., -margin:] = x[..., margin : 2 * margin]


def wave(
    waves: Waves, w: torch.Tensor, transform: torch.Tensor | None = None, closed: bool = False
) -> torch.Tensor:
    """Draw the Fourier features of styles [shape=(N, Dw)] as [shape=(N, O, H, W)]."""
    whole = _placing(waves, w, waves.transform if transform is None else transform)
    freqs = waves.freqs @ whole[:, :2, :2]  # (N, C, 2)
    reach = freqs.norm(dim=2)
    steep = 1 / (waves.rate / 2 - waves.bandwidth)
    fade = torch.rsub(reach, 1 + waves.bandwidth * steep, alpha=steep).clamp(0, 1)
    if closed:
        x = _close(waves, freqs, whole)
    else:
        phases = waves.phases + (waves.freqs @ whole[:, :2, 2:]).squeeze(2)
        x = _draw_waves(waves, freqs, phases)
    mixed: torch.Tensor = (x * fade[:, None, None]) @ waves.weight.T
    return mixed.permute(0, 3, 1, 2)


def _draw_waves(waves: Waves, freqs: torch.Tensor, phases: torch.Tensor) -> torch.Tensor:
    turns = torch.einsum("hwk,nck->nhwc", waves.points, freqs) + phases[:, None, None]
    return torch.sin(turns * (2 * math.pi))


def _close(waves: Waves, freqs: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """Waves that close along the band: each is a mixture of its two neighbours that do.

    The mixture moves steadily when a style turns the waves. Its power is the same everywhere, since
    each wave has its neighbours in step at another place of the band.
    """
    width = waves.extent[1]
    first = (freqs[..., 0] * width).floor()
    part = (freqs[..., 0] * width - first) * (math.pi / 2)
    # Where the transform takes the middle of the picture: M p = A (p + A^-1 b).
    a, b, c, d = (whole[:, i, j] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    x, y = whole[:, 0, 2], whole[:, 1, 2]
    offset = torch.stack([d * x - b * y, a * y - c * x], dim=1) / (a * d - b * c)[:, None]
    apart = torch.arange(freqs.shape[1], device=freqs.device) * 0.6180339887 % 1
    found = []
    for turns in (first, first + 1):
        near = torch.stack([turns / width, freqs[..., 1]], dim=2)
        phases = waves.phases + turns * apart + (near @ offset[:, :, None]).squeeze(2)
        found.append(_draw_waves(waves, near, phases))
    return found[0] * part.cos()[:, None, None] + found[1] * part.sin()[:, None, None]


def _placing(waves: Waves, w: torch.Tensor, transform: torch.Tensor) -> torch.Tensor:
    """Rotation and translation of the waves by style and transform [shape=(N, 3, 3)].

    With t = (c, s, x, y) and c² + s² = 1: the rotation by (c, s) of what was moved by (-x, -y).
    """
    t = waves.affine(w)
    t = t / t[:, :2].norm(dim=1, keepdim=True)
    turned = (t[:, :2, None] * t[:, None, 2:]).flatten(1)  # c x, c y, s x, s y
    placed = torch.addmm(waves.basis[6], torch.cat([t[:, :2], turned], dim=1), waves.basis[:6])
    return placed.view(-1, 3, 3) @ transform


def _scales(
    layer: Layer, x: torch.Tensor, w: torch.Tensor, grid: Grid | None, inner: Size
) -> Scales:
    """Scales of one layer, spread over what goes in and what comes out."""
    grown = layer.conv.weight.shape[-1] - 1
    height, width = x.shape[2:]
    into, out = Area((height, width), inner), Area((height + grown, width + grown), inner)
    return scales_at(layer.conv, w, grid, into, out)


def _apply(layer: Layer, x: torch.Tensor, scales: Scales) -> torch.Tensor:
    s, d = scales
    grown = layer.conv.weight.shape[-1] - 1
    x = x.to(torch.float16 if layer.half else torch.float32)
    x = layer.conv.scale_in(x, layer.gained(s))
    x = functional.conv2d(x, layer.conv.weight, padding=grown)
    bias = layer.bias.to(x.dtype)[:, None, None]
    x = x + bias if d is None else torch.addcmul(bias, x, d.to(x.dtype))
    return filtered_lrelu(layer, x)


def filtered_lrelu(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """Upsample, activate and downsample x [shape=(N, C, H, W)]: no frequency folds over."""
    for each in layer.enlarging:
        x = each.enlarge(x)
    if not layer.enlarging:
        if layer.up_taps is not None:
            x = resample(x, layer.up_taps, layer.up, 1, layer.padding)
        elif any(layer.padding):
            x = functional.pad(x, layer.padding)
        x = x * layer.act_gain if layer.act_gain != 1.0 else x
    if layer.slope != 1.0:
        x = functional.leaky_relu(x, layer.slope)
    if layer.clamp is not None:
        x = x.clamp(-layer.clamp, layer.clamp)
    for each in layer.reducing:
        x = each.reduce(x)
    if layer.reducing:
        return x
    if layer.down_taps is None:
        return x[:, :, :: layer.down, :: layer.down]
    return resample(x, layer.down_taps, 1, layer.down, (0, 0, 0, 0))
