"""Memory that is free on this machine, as far as the system tells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path


def available_bytes(root: Path = Path("/")) -> int | None:
    """Memory that a process may take; None where there is no saying.

    On Linux: what the kernel calls available, or less where a control group (a container, a
    service) has a limit.
    """
    found: list[int] = []
    if sys.platform == "linux":
        found += _group_limits(root)
        text = _read(root / "proc/meminfo")
        found += [1024 * n for n in _numbers(text, "MemAvailable:")]
    return min(found, default=None)


def _group_limits(root: Path) -> Iterator[int]:
    """What each limited control group above this process has left, versions 1 and 2.

    Cached files count as used there; those that nobody has used lately are given back.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, place = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            base, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
            cached = "inactive_file"
        elif "memory" in controllers.split(","):
            base = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            cached = "total_inactive_file"
        else:
            continue
        inner = base / place.lstrip("/")
        # Inside a container its own group is the mount, whatever the process thinks it is called.
        for folder in {base, inner, *(p for p in inner.parents if base in p.parents)}:
            limit, used = (_read(folder / name).strip() for name in names)
            if limit.isdigit() and used.isdigit():
                back = sum(_numbers(_read(folder / "memory.stat"), cached))
                yield max(int(limit) - max(int(used) - back, 0), 0)


def _numbers(text: str, key: str) -> list[int]:
    lines = (line.split() for line in text.splitlines())
    return [int(words[1]) for words in lines if len(words) > 1 and words[0] == key]


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", errors="replace")
    except OSError:  # another version of control groups, or none
        return ""
