"""What both StyleGANs share on the shelf: their parameters, and a request turned into styles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core.parameter import Kind, Parameter
from engine.core.port import Port, Request, Spec
from engine.generators import card
from engine.generators.mapping import Mapping as MappingNetwork
from engine.generators.network import Network

if TYPE_CHECKING:
    import torch

GROUPS = ("coarse", "middle", "fine")
MIN_PX = 16


def number(
    address: str, default: float, low: float, high: float, text: str, unit: str = ""
) -> Parameter:
    """Make a parameter that is a number."""
    return Parameter(address, Kind.FLOAT, default, low, high, unit=unit, text=text)


def open_model(path: str, family: str) -> Network:
    """Open a model of ours without looking at its numbers; `family` is what it must be.

    Raises
    ------
    ValueError
        If the file is missing, none of ours, or of another family.
    """
    try:
        network = card.peek(Path(path))
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"model {path}: {why}; give the path of a .safetensors file") from None
    if network.family != family:
        raise ValueError(f"model {path} is a {network.family}; its kind is '{network.family}'")
    return network


def describe(
    network: Network, layers: Sequence[str], more: Sequence[Parameter], side_px: int
) -> Spec:
    """Make the spec of a model: ports, styling and class parameters, and `more`."""
    top = network.modules[""]
    classes = int(top.get("c_dim") or 0)
    latent = (int(top["z_dim"]),)
    return Spec(
        name=network.family,
        ports=(Port("z", "sphere", latent), Port("z_b", "sphere", latent)),
        layers=tuple(layers),
        parameters=(*_styling(len(layers)), *_classes(classes), *more),
        min_px=min(MIN_PX, side_px),
        max_px=side_px,
        any_size=False,
        channels=3,
        classes=tuple(str(place) for place in range(classes)),
        bendable=tuple(layers),
        licence=network.licence,
        provenance=network.origin or "unknown",
    )


def _styling(count: int) -> tuple[Parameter, ...]:
    reach = "Distance from the average picture: 0 is the average, below 0 its opposite."
    depth = "Only the first so many layers are truncated."
    mixes = (
        number(f"mix_{group}", 0.0, 0.0, 1.0, f"Source of the {group} layers: 0 is z, 1 is z_b.")
        for group in GROUPS
    )
    cutoff = Parameter(
        "truncation_cutoff", Kind.INT, float(count), 0.0, float(count), unit="", text=depth
    )
    return (number("truncation", 1.0, -1.0, 2.0, reach), cutoff, *mixes)


def _classes(count: int) -> tuple[Parameter, ...]:
    if not count:
        return ()
    last = count - 1.0
    return (
        Parameter("class", Kind.INT, 0.0, 0.0, last, text="What is drawn."),
        Parameter("class_b", Kind.INT, min(1.0, last), 0.0, last, text="What class_mix fades to."),
        number("class_mix", 0.0, 0.0, 1.0, "Fade from class to class_b."),
    )


def complete(spec: Spec, parameters: Mapping[str, float]) -> dict[str, float]:
    """Fill in defaults, and clamp: a value that came past the registry cannot break the picture."""
    full = {}
    for parameter in spec.parameters:
        value = float(parameters.get(parameter.address, parameter.default))
        value = value if math.isfinite(value) else parameter.default
        full[parameter.address] = min(max(value, parameter.low), parameter.high)
    return full


def check(spec: Spec, request: Request) -> None:
    """See to it that a request can be drawn.

    Raises
    ------
    ValueError
        If ``z`` is missing, or a latent has the wrong length.
    """
    for port in spec.ports:
        latent = request.latents.get(port.name)
        if latent is None and port.name == "z":
            raise ValueError(
                f"{spec.name}: the request has no latent 'z'; route a trajectory to it"
            )
        if latent is not None and latent.shape != port.shape:
            found = f"latent '{port.name}' has shape {latent.shape}"
            raise ValueError(f"{spec.name}: {found}; it must be {port.shape}")


def style(
    mapping: MappingNetwork,
    request: Request,
    controls: Mapping[str, float],
    groups: Sequence[str],
) -> torch.Tensor:
    """Turn a request's latents and controls into styles [shape=(1, num_ws, Dw)].

    Both latents are mapped and truncated; then each layer fades from one to the other.

    Parameters
    ----------
    groups
        Group of each layer.
    """
    import torch

    first = request.latents["z"]
    latents = np.stack([first, request.latents.get("z_b", first)]).astype(np.float32)
    # What came from outside cannot spoil pixels.
    z = torch.from_numpy(np.nan_to_num(latents.clip(-1e6, 1e6))).to(mapping.w_avg.device)
    c = _class_weights(mapping, controls)
    cutoff = round(controls["truncation_cutoff"])
    ws = mapping.truncate(mapping.map(z, c), controls["truncation"], cutoff, c)
    parts = [controls[f"mix_{group}"] for group in groups]
    part = torch.tensor(parts, dtype=ws.dtype, device=ws.device)[:, None]
    return torch.lerp(ws[:1], ws[1:], part)


def _class_weights(mapping: MappingNetwork, controls: Mapping[str, float]) -> torch.Tensor | None:
    import torch

    if not mapping.c_dim:
        return None
    weights = torch.zeros(mapping.c_dim)
    part = controls["class_mix"]
    weights[round(controls["class"])] += 1 - part
    weights[round(controls["class_b"])] += part
    return weights.expand(2, -1).to(mapping.w_avg.device)


def present(picture: torch.Tensor, size_px: tuple[int, int]) -> torch.Tensor:
    """Bring a raw picture [shape=(1, 3, H, W)], about -1..1, to 0..1 and the asked size.

    A network draws one size; a smaller one is asked for by a smaller square, and the picture fits
    into it with its own aspect.
    """
    from torch.nn import functional

    picture = (picture[:, :3] * 0.5 + 0.5).clamp(0, 1)
    if picture.shape[1] == 1:
        picture = picture.expand(-1, 3, -1, -1)
    height, width = picture.shape[2:]
    factor = min(size_px[0] / width, size_px[1] / height, 1.0)
    if factor == 1.0:
        return picture
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return functional.interpolate(picture, size, mode="bilinear", antialias=True).clamp(0, 1)


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
