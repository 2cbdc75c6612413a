"""StyleGAN3 with fused filters: torch's convolutions, and one kernel between two of them.

It draws what `networks.stylegan3.synthesize` draws. UNTESTED on a GPU, see `filtered_lrelu`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.generators.cuda.filtered_lrelu import Filters, filtered_lrelu, make_filters
from engine.generators.cuda.tile import check_tile
from engine.generators.libraries import functional, torch
from engine.generators.networks import stylegan3 as plain
from engine.generators.networks.stylegan3 import Layer, Synthesis, wave
from engine.generators.networks.stylegan3_weights import styles_of
from engine.generators.networks.styles import Styles

TILE_PX = 60


@dataclass(frozen=True, slots=True)
class CudaBackend:
    """A network whose layers, but for the last one, have their filters laid out."""

    network: Synthesis
    styles: Styles
    filters: tuple[Filters, ...]


def prepare(network: Synthesis, device: str) -> CudaBackend:
    """Lay the filters out, and try each kind of them on the device.

    Raises
    ------
    ValueError
        If a layer is of another kind, or the kernel does not draw there what the plain path does.
    """
    *inner, last = network.layers
    found = []
    for layer in inner:
        filters = make_filters(layer, device)
        if filters is None or layer.conv.squares is None or layer.slope >= 1.0:
            raise ValueError(f"layer {layer.name} has filters of another kind")
        found.append(filters)
    if last.conv.squares is not None or last.up_taps is not None or last.down_taps is not None:
        raise ValueError(f"the last layer, {last.name}, does not draw colours alone")
    tried = set()
    for layer, filters in zip(inner, found, strict=True):
        kind = (layer.up, layer.half, filters.rank)
        if kind not in tried:
            tried.add(kind)
            _try_out(layer, filters, device)
    styles = network.styles or styles_of(network.layers)
    if styles is None:
        raise ValueError("an affine layer has an activation")
    return CudaBackend(network, styles, tuple(found))


def _try_out(layer: Layer, filters: Filters, device: str) -> None:
    """Compare a random tile with the plain path."""
    random = torch.Generator().manual_seed(1)
    shape = (1, len(layer.bias), TILE_PX, TILE_PX)
    x = torch.randn(shape, generator=random).to(device, layer.conv.weight.dtype)
    one = torch.ones(len(layer.bias), device=device)
    found = filtered_lrelu(layer, filters, x, one, one, layer.half).float()
    whole = replace(layer, enlarging=(), reducing=())
    wanted = plain.filtered_lrelu(whole, x.float() + layer.bias.float()[:, None, None])
    check_tile(layer.name, found, wanted, layer.half)


def render(backend: CudaBackend, ws: torch.Tensor, transform: torch.Tensor | None) -> torch.Tensor:
    """Draw styles [shape=(1, num_ws, Dw)] as a raw picture [shape=(1, 3, H, W)]."""
    network = backend.network
    layers = network.layers
    ready = backend.styles.scales(ws)
    scales = [ready[id(layer.conv)] for layer in layers]
    first = layers[0]
    x = wave(network.waves, ws[:, 0], transform)
    x = first.conv.scale_in(x, first.gained(scales[0][0])[:, :, None, None])
    for place, (layer, filters) in enumerate(zip(layers, backend.filters, strict=False)):
        x = functional.conv2d(x, layer.conv.weight, padding=layer.conv.weight.shape[-1] - 1)
        d, coming = scales[place][1], layers[place + 1]
        assert d is not None
        after = coming.gained(scales[place + 1][0])[0]
        x = filtered_lrelu(layer, filters, x, d[0], after, coming.half)
    last = layers[-1]
    x = functional.conv2d(x, last.conv.weight, padding=last.conv.weight.shape[-1] - 1)
    x = plain.filtered_lrelu(last, x + last.bias.to(x.dtype)[:, None, None])
    return x.to(torch.float32) * network.output_scale
