"""A StyleGAN2 at any age of its training: its weights are replaced where they lie, while it plays.

Between two snapshots every weight goes straight from one to the other, and what was prepared from
weights is prepared again: sums of squares, and the matrices of the CPU's loops. Nothing moves in
memory, so that a captured graph goes on with the new weights (UNTESTED: no GPU here; the same class
serves the CPU).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from engine.generators.modulation import Modulated

if TYPE_CHECKING:
    import torch

    from engine.generators.stylegan2 import Model

_PREPARED = ("squares", "painter")  # worked out from weights
_FIXED = ("taps", "skip_taps")  # never learned


class Ageing:
    """Sets a network's weights to those that it had at some time of its training.

    Parameters
    ----------
    model
        The trained network, in single precision: its tensors are written to.
    stops
        Its snapshots, oldest first, on the same device.
    places
        Where they lie between 0 and 1; the trained network is at 1.
    """

    def __init__(self, model: Model, stops: Sequence[Model], places: Sequence[float]) -> None:
        self.age = 1.0
        self._model = model
        self._live = list(_weights(model))
        trained = [tensor.clone() for tensor in self._live]
        self._stops = [*(list(_weights(stop)) for stop in stops), trained]
        self._places = (*places, 1.0)
        layers = [layer for block in model.synthesis.blocks for layer in block.layers]
        self._convs: list[Modulated] = [layer.conv for layer in layers]
        self._prepared = [conv.squares for conv in self._convs if conv.squares is not None]
        if model.painter is not None:
            parts = [part for block in model.painter.blocks for part in block.layers]
            self._prepared += [model.painter.const, *(part.matrices for part in parts)]
        self._kept = [tensor.clone() for tensor in self._prepared]

    def set(self, age: float) -> None:
        """Let the network be what it was then; at 1 it is exactly the trained one.

        The same age is always the same network, whatever came before. Called in the stream that
        pictures are drawn from, between two of them.

        Parameters
        ----------
        age
            From 0, the oldest snapshot, to 1.
        """
        if age == self.age:
            return
        self.age = age
        if age >= 1.0:
            _copy(self._stops[-1], self._live)
            _copy(self._kept, self._prepared)
            return
        self._blend(age)
        self._prepare()

    def _blend(self, age: float) -> None:
        import torch

        index = min(max(bisect_right(self._places, age) - 1, 0), len(self._places) - 2)
        low, high = self._places[index : index + 2]
        part = max((age - low) / (high - low), 0.0)
        pairs = zip(self._stops[index], self._stops[index + 1], self._live, strict=True)
        for before, after, live in pairs:
            torch.lerp(before, after, part, out=live)

    def _prepare(self) -> None:
        for conv in self._convs:
            if conv.squares is not None:
                conv.squares.copy_(conv.weight.square().sum(dim=(2, 3)))
        if self._model.painter is not None:
            from engine.generators.stylegan2_cpu import renew

            renew(self._model.painter, self._model.synthesis.const)


def _copy(sources: Sequence[torch.Tensor], targets: Sequence[torch.Tensor]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source)


def _weights(part: Any) -> Iterator[torch.Tensor]:
    """Every tensor of a network that is proportional to a learned one, in a fixed order."""
    import torch

    if isinstance(part, torch.Tensor):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _weights(each)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in (*_PREPARED, *_FIXED):
                yield from _weights(getattr(part, field.name))
