"""StyleGAN2 with fused endings: torch's convolutions, and one kernel between two of them.

It draws what `networks.stylegan2.synthesize` draws of the skip architecture. UNTESTED on a GPU: the
tests run it in Triton's interpreter and compile it for real architectures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.generators.cuda.tile import check_tile
from engine.generators.libraries import torch
from engine.generators.networks import stylegan2 as plain
from engine.generators.networks.stylegan2 import Block, Colour, Layer, Synthesis
from engine.generators.networks.stylegan2_weights import styles_of
from engine.generators.networks.styles import Styles

TILE_PX = 24
_ELEMENTS, _MOST_CHANNELS = 1024, 512
_UNBOUNDED = 3e38


@dataclass(frozen=True, slots=True)
class CudaBackend:
    """A network, and the filter of each doubling as its kernel takes it [shape=(T, T)]."""

    network: Synthesis
    styles: Styles
    taps: tuple[torch.Tensor | None, ...]


def prepare(network: Synthesis, device: str) -> CudaBackend:
    """Lay the filters out, and try a layer of each kind on the device.

    Raises
    ------
    ValueError
        If a block is of another kind, or a kernel does not draw there what the plain path does.
    """
    taps, tried = [], set()
    for place, block in enumerate(network.blocks):
        if block.colour is None or block.skip is not None or (place and not block.are_binomial):
            raise ValueError(f"block {block.name} is of another architecture, or its filter is")
        for layer in block.layers:
            if layer.activation != "lrelu" or len(layer.bias) > _MOST_CHANNELS:
                raise ValueError(f"layer {layer.name} ends in another way")
            own = None if layer.taps is None else _taps(layer).to(device)
            taps.append(own)
            if (layer.up, block.half) not in tried:
                tried.add((layer.up, block.half))
                _try_out(block, layer, own, device)
    styles = network.styles or styles_of(network.blocks)
    if styles is None:
        raise ValueError("an affine layer has an activation")
    return CudaBackend(network, styles, tuple(taps))


def _taps(layer: Layer) -> torch.Tensor:
    """Filter of a doubling [shape=(T, T)], mirrored, with the gain of that."""
    assert layer.taps is not None
    plane = layer.taps if layer.taps.ndim == 2 else torch.outer(layer.taps, layer.taps)
    return (plane.flip(0, 1) * 4.0).float().contiguous()


def _try_out(block: Block, layer: Layer, taps: torch.Tensor | None, device: str) -> None:
    """Compare how a random tile ends with the plain path."""
    random, channels = torch.Generator().manual_seed(1), len(layer.bias)
    size = (1, channels, TILE_PX, TILE_PX)
    kind = layer.conv.weight.dtype
    y = torch.randn(size, generator=random).to(device, kind, memory_format=torch.channels_last)
    d = torch.ones(channels, device=device)
    found = epilogue(layer, taps, y, d, None, d, block.half)[0].float()
    wide = y.float()
    for each in layer.blur:
        wide = type(each)(each.taps.float(), each.stride, each.cut).reduce(wide)
    wanted = plain.finish(layer, wide, d[None, :, None, None], False, None)
    check_tile(layer.name, found, wanted, block.half)


def epilogue(
    layer: Layer,
    taps: torch.Tensor | None,
    y: torch.Tensor,
    demodulation: torch.Tensor,
    noise: tuple[torch.Tensor, torch.Tensor] | None,
    after: torch.Tensor | None,
    half: bool,
    colours: tuple[Colour, torch.Tensor] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """End a layer: what its convolution gave becomes what the next one takes, and colours.

    Parameters
    ----------
    y
        [shape=(1, C, H, W)], channels last.
    demodulation, after
        Scale of y, and of the result: the next layer's scale in [shape=(C,)]; None: no result.
    noise
        [shape=(H', W')], and its strength [shape=()].
    colours
        What draws them, and its scaled weight [shape=(3, C)].

    Returns
    -------
    tuple
        Features [shape=(1, C, H', W')] and colours [shape=(1, 3, H', W')]; y where there are none.
    """
    from engine.generators.cuda.kernels import STAGES, WARPS, epilogue_kernel

    channels, y_height, y_width = y.shape[1:]
    count = 1 if taps is None else taps.shape[0]
    border = count // 2 - 1 if taps is not None else 0
    height, width = (side + 2 * border - count + 1 for side in (y_height, y_width))
    one = torch.ones(1, device=y.device)
    out = light = y
    if after is not None:
        kind = torch.float16 if half else torch.float32
        out = torch.empty((1, channels, height, width), dtype=kind, device=y.device,
                          memory_format=torch.channels_last)  # fmt: skip
    colour_clamp = None
    if colours is not None:
        light = torch.empty((1, 3, height, width), dtype=torch.float32, device=y.device)
        colour_clamp = colours[0].clamp
    all_channels = 1 << (channels - 1).bit_length()
    at_once = all_channels if colours is not None else min(64, all_channels)
    pixels = max(_ELEMENTS // at_once, 1)
    grid = (-(-height * width // pixels), -(-channels // at_once))
    kernel: Any = epilogue_kernel
    kernel[grid](
        y, out, light, one if taps is None else taps, demodulation, layer.bias,
        *(noise or (one, one)), one if after is None else after,
        *((one, one) if colours is None else (colours[1], colours[0].bias)),
        height, width, channels, y_height, y_width, border, layer.gain, 0.2,
        _UNBOUNDED if layer.clamp is None else layer.clamp,
        _UNBOUNDED if colour_clamp is None else colour_clamp,
        TAPS=count, PIXELS=pixels, CHANNELS=at_once, IS_NOISY=noise is not None,
        HAS_COLOURS=colours is not None, KEEPS=after is not None,
        num_warps=WARPS, num_stages=STAGES,
    )  # fmt: skip
    return out, light


def grow(picture: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """Enlarge a picture [shape=(1, 3, H, W)] twice and add colours [shape=(1, 3, 2 H, 2 W)]."""
    from engine.generators.cuda.kernels import STAGES, WARPS, grow_kernel

    height, width = picture.shape[2:]
    out = torch.empty_like(colours)
    kernel: Any = grow_kernel
    kernel[(-(-4 * height * width // 256), 3)](
        picture, colours, out, height, width, PIXELS=256, num_warps=WARPS, num_stages=STAGES
    )
    return out


def render(backend: CudaBackend, ws: torch.Tensor, strengths: torch.Tensor | None) -> torch.Tensor:
    """Draw styles [shape=(1, num_ws, Dw)] as a raw picture [shape=(1, 3, H, W)]."""
    network = backend.network
    stages = [
        (block, layer, index)
        for index, block in enumerate(network.blocks)
        for layer in block.layers
    ]
    ready = backend.styles.scales(ws)
    scales = [ready[id(layer.conv)] for _, layer, _ in stages]
    x = stages[0][1].conv.scale_in(network.const[None], scales[0][0][:, :, None, None])
    picture: torch.Tensor | None = None
    for place, (block, layer, index) in enumerate(stages):
        is_end, coming = layer is block.layers[-1], place + 1 < len(stages)
        after = scales[place + 1][0][0] if coming else None
        d, colours = scales[place][1], None
        assert d is not None
        if is_end and block.colour is not None:
            s, _ = ready[id(block.colour.conv)]
            colours = block.colour, (block.colour.conv.weight[:, :, 0, 0] * s).float()
        noise = None
        if layer.noise is not None:
            one = layer.bias.new_ones(1)
            noise = layer.noise, one if strengths is None else strengths[index : index + 1]
        y = plain.convolve(layer, x).contiguous(memory_format=torch.channels_last)
        half = stages[place + 1][0].half if coming else False
        x, light = epilogue(layer, backend.taps[place], y, d[0], noise, after, half, colours)
        if colours is not None:
            picture = light if picture is None else grow(picture, light)
    assert picture is not None
    return picture
