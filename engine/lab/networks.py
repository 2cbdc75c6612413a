"""Bare networks for studies: no canvas, no directions, no sidecar files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.generators.kinds import stylegan2, stylegan3
from engine.models.network import STYLEGAN2, STYLEGAN3, Network

_BUILD: Mapping[str, Callable[..., Any]] = {
    STYLEGAN2: stylegan2.build_network,
    STYLEGAN3: stylegan3.build_network,
}


def build_network(network: Network) -> Any:
    """Build a network on the CPU, of a family that styles steer."""
    return _BUILD[network.family](network.state, network.modules)
