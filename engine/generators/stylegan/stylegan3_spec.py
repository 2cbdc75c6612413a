"""Specs of StyleGAN3 networks, from their files: layers, groups of them, sizes, margins."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.generators.stylegan import controls
from engine.models.network import Network


def check_margin(network: Network, rate: float) -> None:
    """See to it that a band's margin, laid anew after each layer, is wide enough at a start's rate.

    Raises
    ------
    ValueError
        If it is not.
    """
    size = controls.attribute(network.modules, "synthesis.input", "size")
    width = int(size[0] if isinstance(size, list | tuple) else size)
    reach = 1.0
    for name in names(network):
        taps = network.state.get(f"synthesis.{name}.up_filter")
        if taps is not None:
            up = int(controls.attribute(network.modules, f"synthesis.{name}", "up_factor"))
            reach = max(reach, taps.shape[-1] / up)
    margin = (width - rate) / 2
    if margin < reach:
        raise ValueError(
            f"config.closed: this network has a margin of {margin:g} samples, and a band without a "
            f"seam needs {reach:g}; leave closed out"
        )


def names(network: Network) -> list[str]:
    """Names of the layers after the waves, coarse to fine.

    Raises
    ------
    ValueError
        If the model lacks them.
    """
    return [str(name) for name in controls.attribute(network.modules, "synthesis", "layer_names")]


def trained_px(network: Network) -> tuple[int, int]:
    """Width and height of the trained picture."""
    last = controls.attribute(network.modules, f"synthesis.{names(network)[-1]}", "out_size")
    width, height = last if isinstance(last, list | tuple) else (last, last)
    return int(width), int(height)


def input_transform(
    translate: tuple[float, float], clockwise_rad: float, zoom: float = 1.0
) -> NDArray[np.float32]:
    """Matrix [shape=(3, 3)] that the coordinates take: the inverse of the picture's transform.

    NVIDIA's ``gen_images.py`` counts its angle the other way, and in degrees.

    Parameters
    ----------
    translate
        Right and down, in widths and heights of the picture.
    clockwise_rad
        How far the picture is turned.
    zoom
        2 is twice as near.
    """
    c, s = math.cos(clockwise_rad), math.sin(clockwise_rad)
    x, y = translate
    placed = np.array([[zoom * c, -zoom * s, x], [zoom * s, zoom * c, y], [0, 0, 1]])
    inverse: NDArray[np.float32] = np.linalg.inv(placed).astype(np.float32)
    return inverse


def groups(count: int) -> list[str]:
    """Thirds: in these networks every layer changes shapes and textures alike, but for scale."""
    return [controls.GROUPS[min(3 * place // count, 2)] for place in range(count)]


def parts(count: int) -> dict[str, str]:
    """Group of each layer, by its place."""
    return {str(place): group for place, group in enumerate(groups(count))}


def prefixes(network: Network) -> dict[str, str]:
    """What the names of tensors begin with, by part of the network."""
    own = {str(n): f"synthesis.{x}." for n, x in enumerate(["input", *names(network)])}
    return {"mapping": "mapping.", **own}
