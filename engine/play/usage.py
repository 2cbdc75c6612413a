"""What processes hold: memory of their own, open files; full garbage collections of this one."""

from __future__ import annotations

import gc
import os
from pathlib import Path


def private_bytes(pid: int) -> int | None:
    """Memory that is written and shared with nobody; None where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return None
    rows = (line.split() for line in text.splitlines())
    return sum(1024 * int(words[1]) for words in rows if words[0] == "Private_Dirty:")


def open_files(pid: int) -> int | None:
    """Count open files, sockets and pipes; None where the system does not tell."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


class FullCollections:
    """Counts full garbage collections from `begin` on: each may cost frames."""

    def __init__(self) -> None:
        self.count = 0

    def begin(self) -> None:
        """Begin to count."""
        gc.callbacks.append(self._note)

    def end(self) -> None:
        """Count no more."""
        if self._note in gc.callbacks:
            gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: dict[str, int]) -> None:
        self.count += phase == "stop" and info["generation"] == 2
