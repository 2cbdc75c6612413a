"""Specs of StyleGAN2 networks, from their files: blocks, sizes, noises, groups of layers."""

from __future__ import annotations

from dataclasses import replace

from engine.core.parameter import Parameter
from engine.core.show.generator import Spec
from engine.generators import contract
from engine.generators.networks.style_map import Size
from engine.generators.stylegan import model, noise_motion, second_network
from engine.generators.stylegan.canvas import Canvas, check
from engine.models.network import Network
from engine.models.sidecars.snapshots import Ages


def start(network: Network) -> Size:
    """Height and width of the learned start."""
    height, width = network.state["synthesis.b4.const"].shape[-2:]
    return int(height), int(width)


def trained_px(network: Network) -> tuple[int, int]:
    """Width and height of the trained picture."""
    doublings = len(blocks(network)) - 1
    height, width = start(network)
    return width << doublings, height << doublings


def blocks(network: Network) -> list[str]:
    """Names of the blocks, coarse to fine."""
    names = {key.split(".")[1] for key in network.state if key.startswith("synthesis.b")}
    return sorted(names, key=lambda name: int(name[1:]))


def layers(network: Network) -> list[str]:
    """Names of the layers that a style steers, coarse to fine."""
    names = blocks(network)
    found = [f"{name}.{part}" for name in names for part in ("conv0", "conv1")]
    found = [name for name in found if f"synthesis.{name}.weight" in network.state]
    return [*found, f"{names[-1]}.torgb"]


def groups(network: Network) -> dict[str, str]:
    """Group of each resolution, by its number."""
    return {name[1:]: group(name) for name in blocks(network)}


def prefixes(network: Network) -> dict[str, str]:
    """What the names of tensors begin with, by part of the network."""
    own = {name[1:]: f"synthesis.{name}." for name in blocks(network)}
    return {"mapping": "mapping.", **own}


def noises(names: list[str]) -> list[Parameter]:
    """One strength of noise per block."""
    text = "Strength of the fine chance detail at {} px; 1 is as trained."
    return [
        contract.number(f"noise_{name[1:]}", 1.0, 0.0, 4.0, text.format(name[1:])) for name in names
    ]


def group(layer: str) -> str:
    """Coarse, middle or fine: the group of a layer."""
    resolution = int(layer[1:].partition(".")[0])
    return "coarse" if resolution <= 8 else "middle" if resolution <= 32 else "fine"


_AGE = contract.number(
    "age", 1.0, 0.0, 1.0, "How far it has learned: 0 is untrained, 1 is the network as it is."
)


def describe(
    network: Network, other: Network | None, canvas: Canvas, found: Ages | None, moves: bool
) -> Spec:
    """Describe a network.

    Parameters
    ----------
    other
        The one that it is mixed with.
    found
        What lies beside it of its training.

    Raises
    ------
    ValueError
        If it cannot fill this canvas, or something that the canvas names does not fit.
    """
    check(canvas, start(network)[1])
    second_network.check(network, other, canvas, prefixes(network))
    names = blocks(network)
    more = [*noises(names), *([_AGE] if found else [])]
    more += second_network.parameters(canvas, groups(network))
    more += noise_motion.parameters([name[1:] for name in names]) if moves else []
    listed = layers(network)
    own = [group(layer) for layer in listed]
    spec = model.make_spec(network, canvas, listed, more, trained_px(network), own)
    return replace(spec, ports=(*spec.ports, noise_motion.PORT)) if moves else spec


def maps_bytes(network: Network, canvas: Canvas) -> int:
    """Memory of the maps between which noise moves."""
    trained = sum(x.size for n, x in network.state.items() if n.endswith("noise_const"))
    return round(4 * trained * canvas.wide * canvas.high * (noise_motion.MAPS + 2))
