"""CUDA graphs of whole pictures: everything that a frame launches, launched at once.

A small network is hundreds of kernels of a few microseconds; launching them one by one takes longer
than running them. What changes from picture to picture (latents, truncation, classes, numbers) lies
in tensors of fixed place, so that the same graph serves all. UNTESTED: no GPU here; the same class
without capture is tested on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from engine.generators.libraries import torch

WARM_UP = 3  # runs before the capture: libraries choose kernels and allocate in the first
RING = 2  # pinned copies of the inputs: one is written while the other may still be read
MOST_GRAPHS = 4  # of one generator: a show has few sizes, and each keeps its features


class Tensors(Protocol):
    """A dataclass of tensors, and nothing else."""

    def tensors(self) -> list[torch.Tensor]:
        """All of them, in the order of the fields."""
        ...


Inputs = TypeVar("Inputs", bound=Tensors)


class Static(Generic[Inputs]):
    """Draws from inputs of fixed place into a picture of fixed place.

    Parameters
    ----------
    draw
        From inputs on the device to a picture.
    example
        Inputs in main memory, of the shapes that all others will have.
    device
        ``cuda``, ``cuda:N``, or another: then nothing is captured.

    Raises
    ------
    ValueError
        If an input of the example lies elsewhere than in main memory.
    """

    def __init__(
        self, draw: Callable[[Inputs], torch.Tensor], example: Inputs, device: str
    ) -> None:
        away = {tensor.device.type for tensor in example.tensors()} - {"cpu"}
        if away:
            raise ValueError(f"inputs of a graph lie in main memory, not on {', '.join(away)}")
        self._draw = draw
        make = type(example)
        self._inputs = make(*(tensor.clone().to(device) for tensor in example.tensors()))
        self._is_cuda = device.startswith("cuda")
        self._graph: Any = None
        self._picture: Any = None
        if self._is_cuda:
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch's
            self._pinned = [
                make(*(tensor.clone().pin_memory() for tensor in example.tensors()))
                for _ in range(RING)
            ]
            events = [torch.cuda.Event() for _ in range(RING)]  # type: ignore[no-untyped-call]
            self._read = events
            self._turn = 0
            self._capture()

    def _capture(self) -> None:
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UP):
                self._draw(self._inputs)
        self._stream.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=self._stream):
            self._picture = self._draw(self._inputs)

    def __call__(self, inputs: Inputs) -> torch.Tensor:
        """Draw a picture; it is the caller's until the next call, in the current stream's order."""
        if not self._is_cuda:
            for target, source in zip(self._inputs.tensors(), inputs.tensors(), strict=True):
                target.copy_(source)
            return self._draw(self._inputs)
        return self._replay(inputs)

    def _replay(self, inputs: Inputs) -> torch.Tensor:
        """Copy in and replay, on a stream of its own; the host waits for old copies only."""
        current = torch.cuda.current_stream(self._stream.device)
        self._turn = (self._turn + 1) % RING
        pinned, read = self._pinned[self._turn], self._read[self._turn]
        read.synchronize()  # of two pictures ago: long done
        for target, source in zip(pinned.tensors(), inputs.tensors(), strict=True):
            target.copy_(source)
        self._stream.wait_stream(current)  # whoever still reads the last picture
        with torch.cuda.stream(self._stream):
            for target, source in zip(self._inputs.tensors(), pinned.tensors(), strict=True):
                target.copy_(source, non_blocking=True)
            read.record(self._stream)
            self._graph.replay()
        current.wait_stream(self._stream)
        picture: torch.Tensor = self._picture
        return picture


@dataclass(slots=True)
class Graphs:
    """Graphs of one generator, one for each kind of picture, captured when it is first drawn.

    Parameters
    ----------
    is_on
        Whether they are used: not before the device is warm.
    """

    is_on: bool = False
    _kept: dict[Hashable, Any] = field(default_factory=dict)
    _failed: bool = False

    def draw(
        self,
        kind: Hashable,
        draw: Callable[[Inputs], torch.Tensor],
        inputs: Inputs,
        device: str,
    ) -> torch.Tensor | None:
        """Draw by the graph of a kind; None where one cannot be captured, or there are too many."""
        graph = self._kept.get(kind)
        if graph is None:
            if self._failed or len(self._kept) >= MOST_GRAPHS:
                return None
            try:
                graph = self._kept[kind] = Static(draw, inputs, device)
            except Exception:  # noqa: BLE001 -- memory, drivers: the plain path goes on
                self._failed = True
                return None
        found: torch.Tensor = graph(inputs)
        return found
