"""Second-network mixing: whether another network fits, and how far each part goes to it.

Read from the files' headers alone. What happens to the weights is in `weight_blend`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.core.parameter import Kind, Parameter
from engine.generators.contract import Networks
from engine.generators.stylegan.canvas import Canvas
from engine.models import card
from engine.models.network import Network

MAPPING = "mapping"
Groups = Mapping[str, str]
"""Part of a network → its group (``coarse`` …); the mapping is a part without one."""


def open_networks(canvas: Canvas, family: str, opened: Networks) -> tuple[Network, Network | None]:
    """Open the network of a canvas, and the other one; None: there is none.

    Parameters
    ----------
    family
        What the first one must be.
    opened
        Those that are open already, by key of the canvas.

    Raises
    ------
    ValueError
        If one is missing, or none of ours.
    """
    network = opened.get("path") or card.open_model(canvas.path, family)
    if not canvas.other:
        return network, None
    return network, opened.get("other") or _open_other(canvas.other)


def _open_other(path: str) -> Network:
    try:
        return card.peek(Path(path))
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"config.other: {path}: {why}") from None
    except ValueError as error:
        raise ValueError(f"config.other: {error}") from None


def check(
    network: Network, other: Network | None, canvas: Canvas, prefixes: Mapping[str, str]
) -> None:
    """See to it that a canvas's other network fits, part by part; `prefixes` begin their tensors.

    Raises
    ------
    ValueError
        If it does not fit: the tensor that differs is named, and what would fit.
    """
    if other is None:
        if canvas.blends:
            raise ValueError("config.blends: there is no other network; give config.other")
        return
    unknown = set(canvas.blends) - set(prefixes)
    if unknown:
        raise ValueError(
            f"config.blends: '{sorted(unknown)[0]:.40}' is no part: {', '.join(prefixes)}"
        )
    names = Path(canvas.other).name, Path(canvas.path).name
    if other.family != network.family:
        raise ValueError(f"config.other: {names[0]} is a {other.family}, not a {network.family}")
    differences = {part: _difference(network, other, p) for part, p in prefixes.items()}
    wrong = [d for part, d in differences.items() if d and part in (canvas.blends or prefixes)]
    if wrong:
        fitting = [part for part, d in differences.items() if not d]
        cure = "no part of it fits, so layers cannot be swapped either"
        if fitting:
            listed = ", ".join(f'"{part}"' for part in fitting)
            cure = f"these parts fit, and can be swapped or mixed alone: blends = [{listed}]"
        raise ValueError(f"config.other: {names[0]} does not fit {names[1]}: {wrong[0]}; {cure}")


def _difference(first: Network, other: Network, prefix: str) -> str:
    """Say in which tensor a part differs; empty: in none."""
    shapes = [
        {name: x.shape for name, x in each.state.items() if name.startswith(prefix)}
        for each in (first, other)
    ]
    for name in sorted(shapes[0].keys() | shapes[1].keys()):
        own, theirs = (found.get(name) for found in shapes)
        if theirs is None:
            return f"it has no {name}"
        if own is None:
            return f"it has {name} besides"
        if own != theirs:
            return f"{name} has the shape {tuple(theirs)}, not {tuple(own)}"
    return ""


def parts(canvas: Canvas, groups: Groups) -> list[str]:
    """Parts that are mixed, coarse to fine; the mapping first."""
    known = [MAPPING, *groups]
    return [part for part in known if part in (canvas.blends or known)] if canvas.other else []


def parameters(canvas: Canvas, groups: Groups) -> list[Parameter]:
    """Parameters of the mixing; none without another network."""
    mixed = parts(canvas, groups)
    if not mixed:
        return []
    there = list(dict.fromkeys(groups[part] for part in mixed if part in groups))
    more = {part: f"Added to it, for the part {part}." for part in mixed}
    more = {**{group: f"Added to it, for the {group} parts." for group in there}, **more}
    first = ("blend", 0.0, "How much of the other network: 0 is none, 1 is its own weights.")
    told = [first, *((f"blend_{name}", -1.0, text) for name, text in more.items())]
    return [Parameter(name, Kind.FLOAT, 0.0, low, 1.0, text=text) for name, low, text in told]


def shares(controls: Mapping[str, float], mixed: Sequence[str], groups: Groups) -> dict[str, float]:
    """How far each part has gone to the other network, 0 to 1."""
    found = {}
    for part in mixed:
        share = controls["blend"] + controls[f"blend_{part}"]
        share += controls[f"blend_{groups[part]}"] if part in groups else 0.0
        found[part] = min(max(share, 0.0), 1.0)
    return found
