"""Compilation of every CPU loop ahead of time: the smallest networks that go through all of them.

What a loop is compiled for are types, not sizes: so these serve every network.
"""

from __future__ import annotations

from engine.generators.cpu import stylegan2, stylegan3, stylegan_wall, to_rgb
from engine.generators.cpu.compile import is_compiled, kept_in
from engine.generators.libraries import torch
from engine.generators.networks import stylegan2 as networks2
from engine.generators.networks import stylegan3 as networks3
from engine.generators.networks.dense import Dense
from engine.generators.networks.modulation import Modulated, make_modulated
from engine.generators.networks.style_map import Grid

_CHANNELS = 16
_STYLE = 4


def compile_all() -> str:
    """Compile all loops, or read them from where they are kept; return that folder.

    Raises
    ------
    ValueError
        If Numba is not here.
    """
    if not is_compiled():
        raise ValueError("Numba is not here, and pictures are drawn without loops of their own")
    grid = Grid(1, 2)
    with torch.inference_mode():
        network = _stylegan2()
        two = stylegan2.prepare(network)
        assert two is not None
        ws = torch.ones(2, network.num_ws, _STYLE)
        stylegan2.render(two, ws[:1], True, None)
        stylegan_wall.render_stylegan2(two, ws, True, None, grid)
        for is_radial in (False, True):
            three = stylegan3.prepare(_stylegan3(is_radial))
            assert three is not None
            ws = torch.ones(2, 1 + len(three.layers), _STYLE)
            stylegan3.render(three, ws[:1], None)
            stylegan_wall.render_stylegan3(three, ws, None, grid)
    return kept_in(to_rgb.draw)


def _conv(outputs: int, size: int, *, demodulate: bool = True) -> Modulated:
    dense = Dense(torch.ones(_CHANNELS, _STYLE), torch.ones(_CHANNELS), "linear")
    weight = torch.ones(outputs, _CHANNELS, size, size)
    return make_modulated(dense, weight, demodulate=demodulate)


def _stylegan2() -> networks2.Synthesis:
    """Two resolutions: with every kind of layer, and a picture that is enlarged."""
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    taps = torch.outer(row, row)

    def block(side: int, ups: tuple[int, ...]) -> networks2.Block:
        bias, noise = torch.zeros(_CHANNELS), torch.zeros(side, side)
        layers = tuple(
            networks2.Layer(
                "", _conv(_CHANNELS, 3), up, taps if up > 1 else None, bias, noise, "lrelu", 1.0,
                256.0,
            )
            for up in ups
        )  # fmt: skip
        colour = networks2.Colour("", _conv(3, 1, demodulate=False), torch.zeros(3), 256.0)
        return networks2.Block("", layers, colour, None, taps, taps, half=False)

    return networks2.Synthesis(torch.ones(_CHANNELS, 4, 4), (block(4, (1,)), block(8, (2, 1))))


def _stylegan3(is_radial: bool) -> networks3.Synthesis:
    """Three layers: windows of three and of one, filters of config T or R, and the colours."""
    row = torch.hann_window(14, periodic=False)[1:-1] / 6
    down_taps = torch.outer(row, row) if is_radial else row

    def layer(size: int, up: int) -> networks3.Layer:
        return networks3.Layer(
            "", _conv(_CHANNELS, size), torch.ones(()), torch.zeros(_CHANNELS),
            row.repeat_interleave(up // 2), down_taps, up, 2, (12, 12, 12, 12), 0.2, 1.0, 256.0,
            half=False,
        )  # fmt: skip

    colours = networks3.Layer(
        "", _conv(3, 1, demodulate=False), torch.ones(()), torch.zeros(3), None, None, 1, 1,
        (0, 0, 0, 0), 1.0, 1.0, 256.0, half=False,
    )  # fmt: skip
    side = torch.linspace(0.0, 1.0, 16)
    points = torch.stack(torch.meshgrid(side, side, indexing="xy"), dim=2)
    waves = networks3.Waves(
        Dense(torch.zeros(4, _STYLE), torch.tensor([1.0, 0.0, 0.0, 0.0]), "linear"),
        torch.zeros(_CHANNELS, 2), torch.zeros(_CHANNELS), torch.eye(_CHANNELS), torch.eye(3),
        points, torch.zeros(7, 9), 16.0, 2.0,
    )  # fmt: skip
    return networks3.Synthesis(waves, (layer(3, 2), layer(1, 4), colours), 1.0)
