"""Memory that two processes share: mapped by its name, written in an order that both see."""

from __future__ import annotations

import sys
import threading
from multiprocessing.shared_memory import SharedMemory


def create(size_bytes: int) -> SharedMemory:
    """Make memory, all zeros; a page is used once it is written. Its maker also removes it."""
    return SharedMemory(create=True, size=size_bytes)


def attach(name: str) -> SharedMemory:
    """Map memory that another process made.

    A spawned child shares its parent's resource tracker, where a second registration of a name is
    no second entry and the owner's unlink removes it: below Python 3.13 nothing needs undoing, as
    long as the owner unlinks only after it killed the child.
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    return SharedMemory(name)


class Fence:
    """Lets what was written before be seen before what is written after; for one thread.

    Python has no memory fence. x86 needs none here; on ARM a release followed by an acquire is one
    (ARM ARM B2.3: RCsc), and taking a free lock twice holds that pair.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def hold(self) -> None:
        """Order what lies before and after."""
        with self._lock:
            pass
        with self._lock:
            pass
