"""A task for tests: counts, one number a slice, and can misbehave."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.generators.host.tasks import Result, Task


def start(generator: Any, task: Task) -> Iterator[Result | None]:
    act, upto = task.options.get("act", ""), int(task.options["upto"])
    for n in range(upto):
        if n == 2 and act == "fail":
            raise RuntimeError("lost count")
        if n == 2 and act == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if act == "endless":
            yield None
        yield Result(options={"n": n}, done=False)
    total = task.arrays["x"].astype(np.float32).sum(keepdims=True)
    said = {"request": repr(task.request)} if act == "request" else {"name": generator.spec.name}
    yield Result({"sum": total}, said)
