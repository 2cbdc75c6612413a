"""Controls of both StyleGANs: their parameters, and a request turned into numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Port, Request, Spec
from engine.generators.contract import number
from engine.generators.libraries import functional, torch
from engine.models.network import Network

GROUPS = ("coarse", "middle", "fine")
MIN_PX = 16
ALPHA_CHANNELS = 4
"""Channels of a picture whose fourth is alpha."""


def describe(
    network: Network,
    layers: Sequence[str],
    more: Sequence[Parameter],
    size_px: tuple[int, int],
    ports: tuple[Port, ...],
) -> Spec:
    """Make the spec of a model: ports, styling and class parameters, and `more`."""
    top = network.modules[""]
    classes = int(top.get("c_dim") or 0)
    width, height = size_px
    side_px = math.ceil(math.sqrt(width * height) - 1e-9)
    return Spec(
        name=network.family,
        ports=ports,
        layers=tuple(layers),
        parameters=(*_styling(layers), *_classes(classes), *more),
        min_px=min(MIN_PX, side_px),
        max_px=side_px,
        any_size=False,
        aspect=width / height,
        channels=ALPHA_CHANNELS if top.get("img_channels") == ALPHA_CHANNELS else 3,
        classes=tuple(str(place) for place in range(classes)),
        bendable=tuple(layers),
        licence=network.licence,
        provenance=network.origin or "unknown",
    )


def _styling(layers: Sequence[str]) -> tuple[Parameter, ...]:
    reach = "Distance from the average picture: 0 is the average, below 0 its opposite."
    depth = "Only the first so many layers are truncated."
    count = float(len(layers))
    factors = (
        number(f"truncation_{group}", 1.0, 0.0, 2.0, f"Factor on the {group} layers' truncation.")
        for group in GROUPS
    )
    mixes = (
        number(f"mix_{group}", 0.0, 0.0, 1.0, f"Source of the {group} layers: 0 is z, 1 is z_b.")
        for group in GROUPS
    )
    alone = [
        each
        for place, name in enumerate(layers)
        for each in (
            number(f"truncation_{place}", 1.0, 0.0, 2.0, f"Factor on the truncation of {name}."),
            number(f"mix_{place}", 0.0, -1.0, 1.0, f"Added to its group's mix, for {name}."),
        )
    ]
    return (
        number("truncation", 1.0, -1.0, 2.0, reach),
        Parameter("truncation_cutoff", Kind.INT, count, 0.0, count, unit="", text=depth),
        *factors,
        *mixes,
        *alone,
    )


def _classes(count: int) -> tuple[Parameter, ...]:
    if not count:
        return ()
    last = count - 1.0
    return (
        Parameter("class", Kind.INT, 0.0, 0.0, last, text="What is drawn."),
        Parameter(
            "class_b",
            Kind.INT,
            min(1.0, last),
            0.0,
            last,
            text="What class_mix fades to.",
            label="Second class",
        ),
        number("class_mix", 0.0, 0.0, 1.0, "Fade from class to class_b."),
    )


def sources(spec: Spec) -> list[Port]:
    """Ports of the latents that are mixed, the first of which must be given."""
    return [port for port in spec.ports if port.geometry in ("sphere", "wspace")]


def latents(spec: Spec, request: Request) -> NDArray[np.float32]:
    """All sources at every control point or layer [shape=(S, K, D)]; one for all if need be."""
    ports = sources(spec)
    first = request.latents[ports[0].name]
    found = np.stack([request.latents.get(port.name, first) for port in ports]).astype(np.float32)
    # What came from outside cannot spoil pixels.
    whole: NDArray[np.float32] = np.nan_to_num(found.clip(-1e6, 1e6))
    return whole.reshape(len(ports), -1, found.shape[-1])


def truncations(controls: Mapping[str, float], groups: Sequence[str]) -> list[float]:
    """Truncation of each layer; beyond the cut-off it is 1."""
    cutoff = round(controls["truncation_cutoff"])
    whole = controls["truncation"]
    return [
        whole * controls[f"truncation_{group}"] * controls[f"truncation_{place}"]
        if place < cutoff
        else 1.0
        for place, group in enumerate(groups)
    ]


def class_weights(count: int, controls: Mapping[str, float]) -> NDArray[np.float32]:
    """Weights of the classes [shape=(1, count)]."""
    weights = np.zeros((1, count), np.float32)
    if count:
        part = controls["class_mix"]
        weights[0, round(controls["class"])] += 1 - part
        weights[0, round(controls["class_b"])] += part
    return weights


def present(picture: torch.Tensor, size_px: tuple[int, int]) -> torch.Tensor:
    """Bring a raw picture [shape=(1, C, H, W)], about -1..1, to 0..1 and the asked size.

    A network draws one size; a smaller one is asked for by a smaller square, and the picture fits
    into it with its own aspect. A fourth channel is alpha, straight; others beyond three are not
    shown.
    """
    has_alpha = picture.shape[1] == ALPHA_CHANNELS
    picture = (picture[:, : ALPHA_CHANNELS if has_alpha else 3] * 0.5 + 0.5).clamp(0, 1)
    if picture.shape[1] == 1:
        picture = picture.expand(-1, 3, -1, -1)
    height, width = picture.shape[2:]
    factor = min(size_px[0] / width, size_px[1] / height, 1.0)
    if factor == 1.0:
        return picture
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    if not has_alpha:
        return functional.interpolate(picture, size, mode="bilinear", antialias=True).clamp(0, 1)
    alpha = picture[:, 3:]  # colours count by how much of them is there
    small = torch.cat([picture[:, :3] * alpha, alpha], 1)
    small = functional.interpolate(small, size, mode="bilinear", antialias=True).clamp(0, 1)
    alpha = small[:, 3:]
    return torch.cat([(small[:, :3] / alpha.clamp(min=1e-6)).clamp(0, 1), alpha], 1)


def is_ready(picture: torch.Tensor, size_px: tuple[int, int]) -> bool:
    """Whether all that `present` does to a raw picture is to bring it to 0..1."""
    _, channels, height, width = picture.shape
    return channels in (3, ALPHA_CHANNELS) and size_px[0] >= width and size_px[1] >= height


def over_black(raw: torch.Tensor) -> torch.Tensor:
    """Colours of raw pictures [shape=(N, C, H, W)], about 0..1 [shape=(N, 3, H, W)].

    Grey is thrice the same; what a fourth channel leaves open is black.
    """
    colours = raw[:, :3] * 0.5 + 0.5
    if raw.shape[1] == ALPHA_CHANNELS:
        colours = colours * (raw[:, 3:] * 0.5 + 0.5).clamp(0, 1)
    return colours.expand(-1, 3, -1, -1)


def attribute(modules: Mapping[str, Any], module: str, name: str) -> Any:
    """Return an attribute of a model's module.

    Raises
    ------
    ValueError
        If the model lacks it.
    """
    found = modules.get(module, {}).get(name)
    if found is None:
        raise ValueError(
            f"the model lacks '{name}' of {module or 'the generator'}: import it again"
        )
    return found
