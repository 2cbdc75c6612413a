"""The plan of network bending: what is done to which channels of a layer, as data.

T. Broad, F. Fol Leymarie and M. Grierson, "Network bending: expressive manipulation of deep
generative models" (2021). All bends of one layer become one plan: channels that are bent alike
share a cell, and a cell has one matrix, one gain, one offset, one radius. What the plan is depends
on the show file alone; what it does at a moment is a small table of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.rng import draw
from engine.generators.editing.bend_ops import (
    AFFINE,
    EDGES,
    FAMILY,
    NOTHING,
    OPS,
    BendTable,
    Floats,
    enter,
    inverse,
)
from engine.models.network import Network
from engine.models.sidecars import clusters

Cells = NDArray[np.int64]
MOST = 16


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """All bends of one layer.

    Parameters
    ----------
    cells
        Cell of each channel [shape=(C,)].
    members
        Which bends each cell has, as places in the show's list.
    first
        Row of its first cell in the table of numbers.
    order
        Whose place each channel takes when all are swapped [shape=(C,)].
    """

    name: str
    cells: Cells
    members: tuple[tuple[int, ...], ...]
    first: int
    order: Cells
    edge: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Every bend, ordered by layer; `rows` is the height of the table of numbers."""

    bends: tuple[BendTable, ...]
    layers: tuple[LayerPlan, ...]
    rows: int

    def family(self, bend: int) -> str:
        """Which step a bend belongs to."""
        return FAMILY[self.bends[bend].op]

    def channels(self, layer: LayerPlan, family: str) -> Cells:
        """Channels of a layer that some bend of a family concerns."""
        has = [any(self.family(b) == family for b in each) for each in layer.members]
        return np.flatnonzero(np.array(has)[layer.cells])


def plan_of(network: Network, path: str, bends: Sequence[BendTable], layers: list[str]) -> Plan:
    """Compile bends of a network in a file, from its header alone; see `make_plan`."""
    if not bends:
        return Plan((), (), 0)
    channels = {name: network.state[f"synthesis.{name}.weight"].shape[0] for name in layers}
    return make_plan(bends, channels, lambda layer: clusters.find(Path(path), layer))


def make_plan(
    bends: Sequence[BendTable],
    layers: Mapping[str, int],
    clusters: Callable[[str], NDArray[np.integer] | None],
) -> Plan:
    """Compile bends of layers, by their channels, and of the clusters that were made of those.

    Raises
    ------
    ValueError
        ``config.bends[…]: what is wrong and what is allowed``.
    """
    if len(bends) > MOST:
        raise ValueError(f"config.bends: {len(bends)} are more than {MOST}")
    chosen = []
    for place, bend in enumerate(bends):
        try:
            _check(bend, layers, [other.name for other in bends[:place]])
            chosen.append(_choose(bend, layers[bend.at], clusters))
        except ValueError as error:
            raise ValueError(f"config.bends[{place}].{error}") from None
    made: list[LayerPlan] = []
    rows = 0
    for name, count in layers.items():
        own = [b for b, bend in enumerate(bends) if bend.at == name]
        if not own:
            continue
        is_in = np.stack([chosen[b] for b in own], 1)
        kinds, cells = np.unique(is_in, axis=0, return_inverse=True)
        members = tuple(tuple(b for b, yes in zip(own, kind, strict=True) if yes) for kind in kinds)
        edges = [bends[b].edge for b in own if bends[b].op in AFFINE]
        swapped = [chosen[b] for b in own if bends[b].op == "swap"]
        order = _order(name, count, swapped)
        edge = edges[-1] if edges else EDGES[0]
        made.append(LayerPlan(name, cells.reshape(-1), members, rows, order, edge))
        rows += len(members)
    return Plan(tuple(bends), tuple(made), rows)


def _check(bend: BendTable, layers: Mapping[str, int], before: Sequence[str]) -> None:
    for key, value, allowed in (
        ("at", bend.at, tuple(layers)),
        ("op", bend.op, tuple(OPS)),
        ("edge", bend.edge, EDGES),
    ):
        if value not in allowed:
            raise ValueError(f"{key}: '{value:.40}' is not known; there are: {', '.join(allowed)}")
    if bend.id and not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", bend.id):
        raise ValueError(f"id: '{bend.id:.40}' is no ID: small letters, digits and _")
    names = {f"{bend.name}{knob.end}" for knob in OPS[bend.op]} | {bend.name}
    if any(name in names or f"{name}_x" in names or f"{name}_at" in names for name in before):
        raise ValueError(f"id: '{bend.id or bend.op}' is there twice; give one an id")


def _choose(
    bend: BendTable, count: int, clusters: Callable[[str], NDArray[np.integer] | None]
) -> NDArray[np.bool_]:
    """Which channels of a layer a bend takes [shape=(count,)]."""
    channels = 0.5 if bend.channels == "half" else bend.channels
    if isinstance(channels, tuple):
        if not 0 <= channels[0] <= channels[1] < count:
            raise ValueError(
                f"channels: {list(channels)} is not within 0 to {count - 1} of {bend.at}"
            )
        return (np.arange(count) >= channels[0]) & (np.arange(count) <= channels[1])
    if isinstance(channels, str):
        return _named(bend.at, channels, count, clusters)
    if not 0.0 < channels <= 1.0:
        raise ValueError(f"channels: a share is above 0 and at most 1, not {channels:g}")
    rank = np.argsort(draw(bend.seed, f"bend/{bend.at}", 0, count), kind="stable")
    taken = np.zeros(count, bool)
    taken[rank[: max(round(channels * count), 1)]] = True
    return taken


def _named(
    layer: str, chosen: str, count: int, clusters: Callable[[str], NDArray[np.integer] | None]
) -> NDArray[np.bool_]:
    if chosen == "all":
        return np.ones(count, bool)
    found = re.fullmatch(r"cluster:(\d{1,2})", chosen)
    if found is None:
        raise ValueError(
            f'channels: \'{chosen:.40}\' is not known; write "all", "half", "cluster:2", a share '
            "such as 0.3, or the first and the last"
        )
    known = clusters(layer)
    if known is None or len(known) != count:
        raise ValueError(
            "channels: this network has no clusters yet; 'latent-cinema bend MODEL --clusters' "
            "finds them"
        )
    taken: NDArray[np.bool_] = np.asarray(known) == int(found[1])
    if not taken.any():
        raise ValueError(
            f"channels: {layer} has the clusters 0 to {int(known.max())}, not {chosen}"
        )
    return taken


def _order(name: str, count: int, swapped: Sequence[NDArray[np.bool_]]) -> Cells:
    """Send every channel that is swapped to the next one's place, in an order of chance."""
    order = np.arange(count)
    for place, taken in enumerate(swapped):
        own = np.flatnonzero(taken)
        ranked = own[np.argsort(draw(0, f"swap/{name}", place, len(own)), kind="stable")]
        order[ranked] = order[np.roll(ranked, 1)]
    return order


def table(plan: Plan, controls: Mapping[str, float], aspects: Mapping[str, float]) -> Floats:
    """Numbers of every cell for one picture [shape=(rows, 13)]; a turn keeps the layer's aspect."""
    found = np.tile(NOTHING, (plan.rows, 1))
    knobs = [
        tuple(controls[f"{bend.name}{knob.end}"] for knob in OPS[bend.op]) for bend in plan.bends
    ]
    for layer in plan.layers:
        for row, members in enumerate(layer.members, layer.first):
            matrix = np.eye(3)
            for b in members:
                op = plan.bends[b].op
                if op in AFFINE:
                    matrix = matrix @ inverse(op, knobs[b], aspects.get(layer.name, 1.0))
                else:
                    enter(found[row], op, *knobs[b])
            found[row, :6] = matrix[:2].ravel()
    return found
