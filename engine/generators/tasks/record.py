"""Recording of a camera: from now on its worker writes what it sees into a film of the take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.generators.host.tasks import Result, Task


def start(generator: Any, task: Task) -> Iterator[Result | None]:
    """Begin; `options` has the ``path``."""
    generator.record(Path(str(task.options["path"])))
    yield Result()
