"""Weight interpolation while a network plays: along its training, and towards another one.

Between two snapshots, and between two networks of the same shapes, every weight goes straight from
one to the other, part by part (a part is the mapping, or a resolution); a part that has gone the
whole way is the other network's, bit by bit: layers are swapped. What was prepared from weights is
prepared again: sums of squares, and the matrices of the CPU's loops. Nothing moves in memory, so
that a captured graph goes on with the new weights (UNTESTED: no GPU here; the same class serves the
CPU). J. Pinkney and D. Adler, "Resolution dependent GAN interpolation" (2020) for the second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from engine.generators.libraries import torch
from engine.generators.networks.modulation import Modulated

_PREPARED = ("squares", "cpu_backend")  # worked out from weights
_FIXED = (  # never learned
    "taps", "skip_taps", "up_taps", "down_taps", "enlarging", "reducing", "points", "transform",
    "basis", "blur",
)  # fmt: skip
Renew = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network that changes as one.

    Parameters
    ----------
    weights
        Every tensor that is proportional to a learned one, in a fixed order.
    prepared
        What is worked out from them.
    renew
        Works it out again, where it lies.
    """

    weights: list[torch.Tensor]
    prepared: list[torch.Tensor]
    renew: Renew


@dataclass(frozen=True, slots=True)
class TrainingSnapshots:
    """Snapshots of a training, oldest first, and where they lie between 0 and 1."""

    models: Sequence[Any]
    places: Sequence[float]


class WeightInterpolation:
    """Sets the weights of a network.

    Parameters
    ----------
    model
        The trained network, in single precision: its tensors are written to.
    stops
        Snapshots of its training, on the same device; the trained network is at 1.
    other
        Another network of the same shapes, prepared alike.
    """

    def __init__(
        self, model: Any, stops: TrainingSnapshots | None = None, other: Any = None
    ) -> None:
        self._live = parts_of(model)
        self._trained = {name: _clone(part.weights) for name, part in self._live.items()}
        self._kept = {name: _clone(part.prepared) for name, part in self._live.items()}
        self._other = parts_of(other) if other is not None else {}
        ages = [parts_of(each) for each in stops.models] if stops else []
        self._stops = {
            name: [*(each[name].weights for each in ages), self._trained[name]]
            for name in self._live
        }
        self._places = (*stops.places, 1.0) if stops else (1.0,)
        self._now = dict.fromkeys(self._live, (1.0, 0.0))

    def set(self, age: float, shares: Mapping[str, float]) -> bool:
        """Let the network be what it was then, mixed; return whether anything is other than before.

        The same numbers are always the same network, whatever came before. Called in the stream
        that pictures are drawn from, between two of them.

        Parameters
        ----------
        age
            From 0, the oldest snapshot, to 1.
        shares
            How far each part has gone to the other network, 0 to 1; without a word: 0.
        """
        changed = False
        for name, part in self._live.items():
            share = shares.get(name, 0.0) if self._other else 0.0
            wanted = (1.0 if share >= 1.0 else age, share)
            if self._now[name] == wanted:
                continue
            self._now[name], changed = wanted, True
            if share >= 1.0:
                _copy(self._other[name].weights, part.weights)
                _copy(self._other[name].prepared, part.prepared)
            elif share <= 0.0 and age >= 1.0:
                _copy(self._trained[name], part.weights)
                _copy(self._kept[name], part.prepared)
            else:
                self._blend(name, part, age, share)
                part.renew()
        return changed

    def _blend(self, name: str, part: Part, age: float, share: float) -> None:
        stops, source = self._stops[name], self._trained[name]
        if age < 1.0:
            index = min(max(bisect_right(self._places, age) - 1, 0), len(self._places) - 2)
            low, high = self._places[index : index + 2]
            along = max((age - low) / (high - low), 0.0)
            pairs = zip(stops[index], stops[index + 1], part.weights, strict=True)
            for before, after, live in pairs:
                torch.lerp(before, after, along, out=live)
            source = part.weights
        if share > 0.0:
            for own, theirs, live in zip(
                source, self._other[name].weights, part.weights, strict=True
            ):
                torch.lerp(own, theirs, share, out=live)


def _clone(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in tensors]


def _copy(sources: Sequence[torch.Tensor], targets: Sequence[torch.Tensor]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source)


def parts_of(model: Any) -> dict[str, Part]:
    """Take a network apart: ``mapping``, and each resolution (StyleGAN3: each layer, by place)."""
    found = {"mapping": Part(list(_weights(model.mapping)), [], lambda: None)}
    own: list[tuple[str, Any]]
    synthesis, cpu_backend = model.synthesis, model.cpu_backend
    if hasattr(synthesis, "blocks"):
        own = [(block.name[1:], block) for block in synthesis.blocks]
        ready = cpu_backend.blocks if cpu_backend else [None] * len(own)
        for place, ((name, block), fast) in enumerate(zip(own, ready, strict=True)):
            start = synthesis.const if place == 0 else None
            found[name] = _block(block, fast, start, cpu_backend.const if cpu_backend else None)
        return found
    ready = cpu_backend.layers if cpu_backend else [None] * len(synthesis.layers)
    found["0"] = Part(list(_weights(synthesis.waves)), [], lambda: None)
    for place, (layer, fast) in enumerate(zip(synthesis.layers, ready, strict=True), 1):
        found[str(place)] = _layer(layer, fast)
    return found


def _block(block: Any, fast: Any, start: torch.Tensor | None, laid: torch.Tensor | None) -> Part:
    """One resolution of a StyleGAN2; the first has the learned start too."""
    convs: list[Modulated] = [layer.conv for layer in block.layers]
    weights = list(_weights(block))
    prepared = [conv.squares for conv in convs if conv.squares is not None]
    prepared += [part.matrices for part in fast.layers] if fast else []
    if start is not None:
        weights.append(start)
        prepared += [laid] if laid is not None else []

    def renew() -> None:
        _square(convs)
        if fast:
            from engine.generators.cpu.stylegan2 import renew

            renew(fast)
        if start is not None and laid is not None:
            from engine.generators.cpu.blocks import to_blocks

            laid.copy_(to_blocks(start))

    return Part(weights, prepared, renew)


def _layer(layer: Any, fast: Any) -> Part:
    """One layer of a StyleGAN3."""
    prepared = [layer.conv.squares] if layer.conv.squares is not None else []

    def renew() -> None:
        _square([layer.conv])
        if fast:
            from engine.generators.cpu.stylegan3 import renew

            renew(fast)

    return Part(list(_weights(layer)), prepared + ([fast.matrices] if fast else []), renew)


def _square(convs: Sequence[Modulated]) -> None:
    for conv in convs:
        if conv.squares is not None:
            conv.squares.copy_(conv.weight.square().sum(dim=(2, 3)))


def _weights(part: Any) -> Iterator[torch.Tensor]:
    """Every tensor of a network that is proportional to a learned one, in a fixed order."""
    if isinstance(part, torch.Tensor):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _weights(each)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in (*_PREPARED, *_FIXED):
                yield from _weights(getattr(part, field.name))
