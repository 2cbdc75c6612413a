"""TODO engine/generators/contract.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Request, Spec

if TYPE_CHECKING:
    pass
from typing import Protocol


def number(
    address: str, default: float, low: float, high: float, text: str, unit: str = ""
) -> Parameter:
    """Make a parameter that is a number."""
    return Parameter(address, Kind.FLOAT, default, low, high, unit=unit, text=text)


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
        If the first latent is missing, or one has the wrong length.
    """
    first = spec.ports[0].name
    for port in spec.ports:
        latent = request.latents.get(port.name)
        if latent is None and port.name == first:
            raise ValueError(
                f"{spec.name}: the request has no latent '{first}'; route a trajectory to it"
            )
        if latent is not None and latent.shape != port.shape:
            found = f"latent '{port.name}' has shape {latent.shape}"
            raise ValueError(f"{spec.name}: {found}; it must be {port.shape}")


class Generator(Protocol):
    """What a generator's ``build(config, device)`` returns."""

    spec: Spec

    def render(self, request: Request, memory: Any) -> tuple[Any, Any]:
        """Render one request: pixels [shape=(1, 3 or 4, H, W)] in 0..1 and the new memory."""
        ...
