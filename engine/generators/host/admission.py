"""Memory admission: how much is free, and waiting for it where a model does not fit."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.generators.registry import Opened

RETRY_S = 5.0
"""A worker that does not fit looks again that often: close something, and it loads."""
GB = 1e9


def available_bytes(device: str, root: Path = Path("/")) -> int | None:
    """Memory that a new model may take; None where there is no saying.

    On the CPU of a Linux machine: what the kernel calls available, or less where a control group
    (a container, a service) has a limit. On CUDA: what is free on the device (UNTESTED: no GPU
    here).

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are.
    """
    if device.startswith("cuda"):
        torch: Any = importlib.import_module("torch")
        return int(torch.cuda.mem_get_info()[0])
    if device != "cpu" or sys.platform != "linux":
        return None
    found = list(_group_limits(root))
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


def memory_shortage(opened: Opened, device: str) -> str:
    """Say why a model does not fit, with figures; empty if it does or there is no saying.

    A generator that does not say what it needs is not asked.

    Raises
    ------
    ValueError
        If the model cannot be read.
    """
    needed = opened.memory_bytes(device)
    available = None if needed is None else available_bytes(device)
    if needed is None or available is None or needed <= available:
        return ""
    name = next((Path(asset.path).name for asset in opened.files), "") or opened.name
    where = "on the graphics device are" if device.startswith("cuda") else "of memory are"
    return (
        f"model {name} needs about {needed / GB:.1f} GB and {available / GB:.1f} GB {where} free: "
        "close other programs or scenes, or choose a smaller network"
    )


def await_memory(
    find_shortage: Callable[[], str], notify: Callable[[str, str], None], rest: Callable[[], bool]
) -> bool:
    """Wait until a model fits; False if nobody wants it any more.

    Parameters
    ----------
    find_shortage
        `memory_shortage` of the model.
    notify
        Tells the player: ``failed`` with the sentence, again and again as a sign of life, always
        with the figures of the first time; ``starting`` when it goes on.
    rest
        Waits `RETRY_S`; False if the player is gone.
    """
    told = find_shortage()
    if not told:
        return True
    notify("failed", told)
    while rest():
        if not find_shortage():
            notify("starting", "")
            return True
        notify("failed", told)
    return False
