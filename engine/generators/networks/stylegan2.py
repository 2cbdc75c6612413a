"""The synthesis network of StyleGAN2: skip, residual and original architecture.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020) and "Training
generative adversarial networks with limited data" (2020). Written from published facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.generators.libraries import functional, torch
from engine.generators.networks.dense import activate
from engine.generators.networks.modulation import Bend, Modulated, Scales
from engine.generators.networks.resample import Pass, average, double
from engine.generators.networks.style_map import Area, Grid, scales_at, spread_out, wrap
from engine.generators.networks.styles import Styles

Steer = Callable[[Modulated, int, Area, Area | None], Scales]
"""Gives the scales of a convolution: its style's place, what goes in, what comes out."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with style, noise, bias and activation.

    Parameters
    ----------
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
    blur
        The filter of the doubling, ready: passes that reduce by nothing.
    is_binomial
        Whether that is what `resample.average` does.
    scaled_bias
        The bias times the gain [shape=(O, 1, 1)], where the activation lets a gain through.
    turned
        The weight of a doubling [shape=(I, O, K, K)] in float16: cuDNN would lay it out anew, each
        time.
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
    blur: tuple[Pass, ...] = ()
    is_binomial: bool = False
    scaled_bias: torch.Tensor | None = None
    turned: torch.Tensor | None = None


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
    are_binomial
        Whether both filters are [1, 3, 3, 1].
    """

    name: str
    layers: tuple[Layer, ...]
    colour: Colour | None
    skip: torch.Tensor | None
    taps: torch.Tensor
    skip_taps: torch.Tensor
    half: bool
    are_binomial: bool = False


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthesis network: the learned start [shape=(C, H, W)] and its blocks, coarse to fine.

    On a GPU it also has the `styles` of all layers and colours at once.
    """

    const: torch.Tensor
    blocks: tuple[Block, ...]
    styles: Styles | None = None

    @property
    def num_ws(self) -> int:
        """How many styles it takes: one per layer, and one for the last colours."""
        return sum(len(block.layers) for block in self.blocks) + 1


def synthesize(
    network: Synthesis,
    ws: torch.Tensor,
    noise_mode: str = "const",
    noise_strengths: torch.Tensor | None = None,
    bend: Bend | None = None,
    grid: Grid | None = None,
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
    grid
        The styles are those of one picture, at the places of this grid, row by row.
    """
    x = network.const.expand(1 if grid else len(ws), -1, -1, -1)
    closed = grid is not None and grid.closed
    picture: torch.Tensor | None = None
    place, steer = 0, _steering(network, ws, grid)
    for index, block in enumerate(network.blocks):
        strength = None if noise_strengths is None else noise_strengths[index]
        x = _pass(block, x, (steer, place), noise_mode == "const", strength, bend, grid)
        place += len(block.layers)
        if picture is not None:
            picture = _double(picture, block.taps, block.are_binomial, closed)
        if block.colour is not None:
            y = _colour(block.colour, x, (steer, place))
            y = bend(block.colour.name, y) if bend else y
            picture = y if picture is None else picture + y
    assert picture is not None
    return picture


def features(
    network: Synthesis,
    ws: torch.Tensor,
    width: float,
    noise_strengths: torch.Tensor | None = None,
    bend: Bend | None = None,
    grid: Grid | None = None,
) -> torch.Tensor:
    """Return the last features before colours that are no wider than `width`, or the first.

    Parameters are those of `synthesize`. Returns [shape=(N, C, H, W)], float32.
    """
    x = network.const.expand(1 if grid else len(ws), -1, -1, -1)
    place, steer = 0, _steering(network, ws, grid)
    for index, block in enumerate(network.blocks):
        if place and x.shape[3] * block.layers[0].up > width:
            break
        strength = None if noise_strengths is None else noise_strengths[index]
        x = _pass(block, x, (steer, place), True, strength, bend, grid)
        place += len(block.layers)
    return x.float()


def _steering(network: Synthesis, ws: torch.Tensor, grid: Grid | None) -> Steer:
    styles = None if grid is not None else network.styles
    found = styles.scales(ws) if styles is not None else {}

    def steer(conv: Modulated, place: int, into: Area, out: Area | None) -> Scales:
        scales = found.get(id(conv))
        return spread_out(scales) if scales else scales_at(conv, ws[:, place], grid, into, out)

    return steer


def _pass(
    block: Block,
    x: torch.Tensor,
    steered: tuple[Steer, int],
    noisy: bool,
    strength: torch.Tensor | None,
    bend: Bend | None,
    grid: Grid | None,
) -> torch.Tensor:
    """Send features through a block, whose styles begin at a place."""
    steer, first = steered
    x = _enter(block, x)
    residual = _residual(block, x, grid is not None and grid.closed)
    for place, layer in enumerate(block.layers):
        x = _apply(layer, x, (steer, first + place), noisy, strength, grid)
        x = bend(layer.name, x) if bend else x
    return x if residual is None else residual + x


def _enter(block: Block, x: torch.Tensor) -> torch.Tensor:
    if block.half:
        return x.to(torch.float16, memory_format=torch.channels_last)
    return x.to(torch.float32)


def _double(x: torch.Tensor, taps: torch.Tensor, binomial: bool, closed: bool) -> torch.Tensor:
    if not closed:
        return double(x, taps, binomial)
    reach = taps.shape[-1] // 2 + 1
    return double(wrap(x, reach), taps, binomial)[..., 2 * reach : -2 * reach]


def _residual(block: Block, x: torch.Tensor, closed: bool) -> torch.Tensor | None:
    if block.skip is None:
        return None
    y = functional.conv2d(x, block.skip)
    return _double(y, block.skip_taps, block.are_binomial, closed)


def _apply(
    layer: Layer,
    x: torch.Tensor,
    steered: tuple[Steer, int],
    noisy: bool,
    strength: torch.Tensor | None,
    grid: Grid | None,
) -> torch.Tensor:
    height, width = x.shape[2:]
    out = Area((layer.up * height, layer.up * width))
    steer, place = steered
    s, d = steer(layer.conv, place, Area((height, width)), out)
    y = layer.conv.scale_in(x, s)
    if grid is not None and grid.closed:
        reach = 2 if layer.taps is None else layer.taps.shape[-1] // 2 + 2
        edge = layer.up * reach
        y = _convolve(layer, wrap(y, reach))[..., edge:-edge]
    else:
        y = _convolve(layer, y)
    assert d is not None
    return finish(layer, y, d, noisy, strength)


def finish(
    layer: Layer, y: torch.Tensor, d: torch.Tensor, noisy: bool, strength: torch.Tensor | None
) -> torch.Tensor:
    """Demodulate, add noise and bias, activate and clamp, in as few passes as torch has."""
    gain = 1.0 if layer.scaled_bias is None else layer.gain
    bias = layer.bias[:, None, None] if layer.scaled_bias is None else layer.scaled_bias
    scale = d * (gain if layer.up == 1 else _GROWN * gain)
    y = torch.addcmul(bias.to(y.dtype), y, scale.to(y.dtype))
    if noisy and layer.noise is not None:
        noise = layer.noise * (gain if strength is None else strength * gain)
        y = y + noise.to(y.dtype)
    y = activate(y, layer.activation, layer.gain if layer.scaled_bias is None else 1.0)
    return y if layer.clamp is None else y.clamp(-layer.clamp, layer.clamp)


_GROWN = 4.0  # gain of a doubling: three of four pixels were nothing


def convolve(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """Convolve; a doubling is not filtered yet."""
    weight = layer.conv.weight
    if layer.up == 1:
        return functional.conv2d(x, weight, padding=weight.shape[-1] // 2)
    turned = weight.transpose(0, 1) if layer.turned is None else layer.turned
    return functional.conv_transpose2d(x, turned, stride=2)


def _convolve(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    """Convolve, and double the size without the gain of that."""
    y = convolve(layer, x)
    if layer.up == 1:
        return y
    if layer.is_binomial and y.device.type != "cpu":
        return average(y)
    for each in layer.blur:
        y = each.reduce(y)
    return y


def _colour(colour: Colour, x: torch.Tensor, steered: tuple[Steer, int]) -> torch.Tensor:
    steer, place = steered
    s, _ = steer(colour.conv, place, Area((x.shape[2], x.shape[3])), None)
    y = functional.conv2d(colour.conv.scale_in(x, s), colour.conv.weight)
    y = y + colour.bias.to(y.dtype)[:, None, None]
    if colour.clamp is not None:
        y = y.clamp(-colour.clamp, colour.clamp)
    return y.to(torch.float32)
