"""Many pictures of a folder, read in limited children, some hundreds in each."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.system.foreign.picture_file import MEMORY_BYTES
from engine.system.limited_child import Bounds, ChildError, fetch, give

Names = list[str]
"""Files, within their folder, that are read together."""


def read(
    task: str, folder: Path, waiting: Sequence[Names], job: Mapping[str, Any], count: int = 256
) -> Iterator[tuple[Names, dict[str, Any], memoryview]]:
    """Let children read files, in order.

    Parameters
    ----------
    task
        ``module:function``: it is given the paths of a few files and `job`, and returns a row and
        bytes. An OSError of it is told as the row's ``wrong``, and so is what ends a child.
    count
        Reads in one child: each costs its start.

    Yields
    ------
    tuple
        Names, row, bytes.
    """
    batches = [list(waiting[at : at + count]) for at in range(0, len(waiting), count)][::-1]
    while batches:
        some = batches.pop()
        told = {**job, "task": task, "folder": str(folder)}
        size = sum((folder / name).stat().st_size for names in some for name in names)
        bounds = Bounds(MEMORY_BYTES, 20 + len(some) + size // 1_000_000)
        try:
            rows, data = fetch(f"{__name__}:answer", told, bounds, json.dumps(some).encode())
        except ChildError as error:
            if len(some) > 1:  # which of them it was is found by halves
                half = len(some) // 2
                batches += [some[half:], some[:half]]
                continue
            rows, data = [{"wrong": str(error), "bytes": 0}], memoryview(b"")
        at = 0
        for names, row in zip(some, rows, strict=True):
            end = at + row.pop("bytes")
            yield names, row, data[at:end]
            at = end


def answer(data: bytes, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read a batch in a `engine.system.limited_child`."""
    module, _, function = job["task"].partition(":")
    work = getattr(importlib.import_module(module), function)
    rows = []
    for names in json.loads(data):
        try:
            row, given = work([Path(job["folder"]) / name for name in names], job)
        except OSError as error:
            row, given = {"wrong": " ".join((error.strerror or str(error)).split())}, b""
        give(given)
        rows.append({**row, "bytes": len(given)})
    return rows
