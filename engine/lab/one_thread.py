"""A single torch thread for small pictures, as in workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.generators.libraries import torch


@contextmanager
def one_thread(is_small: bool = True) -> Iterator[None]:
    """Keep torch to one thread for a while, if what is drawn is small."""
    before = torch.get_num_threads()
    if is_small:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
