"""Memory estimates of models, from a file's header alone: nothing is built, no torch loaded.

What is counted: weights, the copies that the CPU's loops keep of 3×3 weights (`winograd`,
`upsample`), the largest activations of the plain path, and the loops' own memory, because both
paths are alive while the second prepares itself. The factors are measured: see
``bench/model_memory.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from engine.generators.memory import CONTEXT_BYTES, FLOAT_BYTES, MB, PROCESS_BYTES
from engine.generators.stylegan.canvas import Canvas
from engine.models.network import STYLEGAN2, Network

KEPT = 1.7
"""Bytes of the process for each byte of weight: building leaves the heap full of holes."""
PLAIN = {STYLEGAN2: 5.0, "stylegan3": 3.0}
"""Pieces as large as the largest activation that the plain path holds at a time."""
SPREAD = 4.0
"""More of them where every pixel has a style of its own."""
LOOPS = 3.0
"""The same of the loops, for the largest activation between layers."""
LOOPS_BYTES = 64 * MB
"""Of the loops, whatever the network: one strip of tiles."""
WINOGRAD = {1: 36 / 9, 2: 18 / 9}
"""Copies of a 3×3 weight, without and with doubling."""


class Extent(NamedTuple):
    """A layer: its 3×3 weight's floats, how it scales, and the floats of its activations.

    `inner` is the largest within the layer, `outer` the largest between it and its neighbours.
    """

    weight: int
    up: int
    inner: float
    outer: float


def memory_bytes(network: Network, canvas: Canvas, device: str, ages: int = 0) -> int:
    """Estimate what a process takes that draws a model of so many ages: at most 1.6 times too much.

    On the CPU: main memory, all that the process holds. On CUDA: the device's memory (from the
    same figures; not measured).
    """
    layers = list(_stylegan2(network) if network.family == STYLEGAN2 else _stylegan3(network))
    area = max(canvas.wide, 0.01) * max(canvas.high, 0.01)
    weights = float(sum(math.prod(tensor.shape) for tensor in network.state.values()))
    pieces = PLAIN[network.family] + (SPREAD if canvas.is_tiled else 0.0)
    plain = pieces * area * max((layer.inner for layer in layers), default=0.0)
    kept = (1 if ages or canvas.other else 0) + (1 if canvas.other else 0)
    weights *= 1 + kept + ages  # snapshots and another network whole, and the network once more
    if device != "cpu":
        return CONTEXT_BYTES + round(FLOAT_BYTES * (KEPT * weights + plain))
    copies = sum(layer.weight * WINOGRAD.get(layer.up, WINOGRAD[1]) for layer in layers)
    copies *= 1 + kept
    loops = LOOPS * area * max((layer.outer for layer in layers), default=0.0)
    floats = KEPT * (weights + copies) + plain + loops
    return PROCESS_BYTES + LOOPS_BYTES + round(FLOAT_BYTES * floats)


def _stylegan2(network: Network) -> Iterator[Extent]:
    height, width = network.state["synthesis.b4.const"].shape[-2:]
    for name, tensor in network.state.items():
        parts = name.split(".")
        if len(parts) != 4 or not parts[2].startswith("conv") or parts[3] != "weight":
            continue
        # b8 is twice as large as b4, whatever the size of b4 is.
        factor = int(parts[1][1:]) / 4
        outputs = tensor.shape[0] * height * width * factor * factor
        up = int(network.modules.get(name.removesuffix(".weight"), {}).get("up") or 1)
        yield Extent(math.prod(tensor.shape), up, outputs, outputs)


def _stylegan3(network: Network) -> Iterator[Extent]:
    for name in network.modules["synthesis"].get("layer_names", ()):
        weight = network.state[f"synthesis.{name}.weight"]
        facts = network.modules[f"synthesis.{name}"]
        size, up = _pair(facts["in_size"]), int(facts.get("up_factor") or 1)
        left, right, above, below = facts.get("padding") or (0, 0, 0, 0)
        grown = weight.shape[-1] - 1
        width, height = size[0] + grown, size[1] + grown
        inner = (width * up + left + right) * (height * up + above + below)
        outer = max(width * height, math.prod(_pair(facts["out_size"])))
        # These networks double in their filters, not in the convolution.
        floats = math.prod(weight.shape) if grown else 0
        channels = weight.shape[0]
        yield Extent(floats, 1, channels * max(inner, width * height), channels * outer)


def _pair(size: object) -> tuple[int, int]:
    """Width and height of an attribute that is a number or a pair."""
    if isinstance(size, list | tuple):
        return int(size[0]), int(size[1])
    return int(str(size)), int(str(size))
