"""The workspace and threads of the CPU backend: no frame allocates, none maps fresh pages."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from engine.generators.libraries import torch


class Workspace:
    """Named pieces of memory that grow once and stay. Not for two threads at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, torch.Tensor] = {}

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """Return a float32 tensor of this shape; what it holds is left from its last use."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.numel() < size:
            with torch.inference_mode(False):  # usable in and out of inference mode
                kept = self._kept[name] = torch.zeros(size)
        return kept[:size].view(shape)


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "latent-cinema-cpu")


def spread(work: Callable[[int, int, int], None], count: int, step: int = 1) -> None:
    """Call ``work(thread, from, to)`` over parts of ``range(count)``, on torch's thread count.

    Compiled loops run without the GIL. Parts are multiples of `step`, but for the last.
    """
    pieces = -(-count // step)
    threads = min(torch.get_num_threads(), pieces)
    if threads <= 1:
        work(0, 0, count)
        return
    ends = [min(count, step * (pieces * n // threads)) for n in range(threads + 1)]
    ends[-1] = count
    parts = [_pool(threads).submit(work, n, ends[n], ends[n + 1]) for n in range(threads)]
    for part in parts:
        part.result()


def thread_count() -> int:
    """How many threads `spread` may use."""
    return torch.get_num_threads()
