"""The description of a model, as one table for people and programs."""

from __future__ import annotations

from typing import Any

from engine.models import pix2pix_shape, style_shape
from engine.models.network import ANSWERS, PIX2PIX, STYLE, STYLEGAN2, Network


def describe(network: Network) -> dict[str, Any]:
    """Describe a network.

    Returns
    -------
    dict
        ``family``, ``variant``, ``resolution_px`` (width, height), ``z_dim``, ``w_dim``, ``c_dim``
        (classes), ``num_ws``, ``layers`` (``name``, ``size_px``, ``channels``), ``parameters``,
        ``weight_bytes``, ``kwargs``, ``origin``, ``licence``, ``data_set``, ``notes``, ``sha256``
        (of the file it came from).
    """
    read = {STYLEGAN2: _stylegan2_layers, PIX2PIX: _pix2pix_layers, STYLE: _style_layers}
    layers = read.get(network.family, _layers)(network)
    top = network.modules[""]
    count = sum(tensor.size for tensor in network.state.values())
    return {
        "family": network.family,
        "variant": _variant(network),
        "resolution_px": layers[-1]["size_px"],
        "z_dim": top["z_dim"],
        "w_dim": top["w_dim"],
        "c_dim": top["c_dim"],
        "img_channels": top["img_channels"],
        "num_ws": _count_styles(network),
        "layers": layers,
        "parameters": count,
        "weight_bytes": 4 * count,
        "kwargs": dict(network.kwargs),
        "origin": network.origin,
        "licence": network.licence,
        "data_set": network.data_set,
        "notes": list(network.notes),
        "sha256": network.source_sha256,
    }


def _count_styles(network: Network) -> int:
    if network.family in ANSWERS:
        return 1
    synthesis = network.modules["synthesis"]
    if network.family == STYLEGAN2:  # one per convolution, one for the last colours
        return 2 * len(synthesis["block_resolutions"])
    return len(synthesis["layer_names"]) + 1  # one for the waves


def _variant(network: Network) -> str:
    if network.family == PIX2PIX:
        return "u-net"
    if network.family == STYLE:
        styles = network.modules[""]["styles"]
        return f"{styles} styles" if styles else "any style"
    if network.family == STYLEGAN2:
        blocks = network.modules["synthesis"]["block_resolutions"]
        return str(network.modules[f"synthesis.b{blocks[-1]}"].get("architecture", "skip"))
    if "mapping.embed_proj.weight" in network.state:
        return "xl"
    names = network.modules["synthesis"]["layer_names"]
    kernels = {network.state[f"synthesis.{name}.weight"].shape[2] for name in names[:-1]}
    return "r" if kernels == {1} else "t"


def _pix2pix_layers(network: Network) -> list[dict[str, Any]]:
    top = network.modules[""]
    side = int(top["img_resolution"])
    sizes = [
        (name, side >> level, width) for name, width, level in pix2pix_shape.shape_of(top).styled
    ]
    return [
        {"name": name, "size_px": [px, px], "channels": width}
        for name, px, width in [*sizes, ("colour", side, 3)]
    ]


def _style_layers(network: Network) -> list[dict[str, Any]]:
    top = network.modules[""]
    side = int(top["img_resolution"])
    halves = {"down1": 1, "down2": 2, "up0": 1}
    return [
        {"name": name, "size_px": [px, px], "channels": width}
        for name, width in style_shape.shape_of(top).styled.items()
        for px in [side >> (2 if name.startswith("core") else halves.get(name, 0))]
    ]


def _stylegan2_layers(network: Network) -> list[dict[str, Any]]:
    _, height, width = network.state["synthesis.b4.const"].shape
    layers = []
    for k, resolution in enumerate(network.modules["synthesis"]["block_resolutions"]):
        for part in ("conv0", "conv1", "torgb"):
            name = f"b{resolution}.{part}"
            weight = network.state.get(f"synthesis.{name}.weight")
            if weight is not None:
                size = [width << k, height << k]
                layers.append({"name": name, "size_px": size, "channels": weight.shape[0]})
    return layers


def _layers(network: Network) -> list[dict[str, Any]]:
    layers = []
    for name in network.modules["synthesis"]["layer_names"]:
        size = network.modules[f"synthesis.{name}"]["out_size"]
        sides = [int(side) for side in (size if isinstance(size, list) else [size, size])]
        weight = network.state[f"synthesis.{name}.weight"]
        layers.append({"name": name, "size_px": sides, "channels": weight.shape[0]})
    return layers
