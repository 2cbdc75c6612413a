"""The sandbox of foreign model files: a child process bounded in memory and time."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import NewFile
from engine.system.limited_child import ChildError, run_alone
from engine.system.limits import was_out_of_time


def memory_limit_bytes(file_bytes: int) -> int:
    """Memory that reading a file of this size may take."""
    return 2 * file_bytes + (256 << 20)


def cpu_limit_s(file_bytes: int) -> int:
    """Seconds of CPU that reading a file of this size may take."""
    return 5 + file_bytes // 100_000_000


class UnwrittenError(Exception):
    """The result could not be written; the text says why."""


def run_sandboxed(source: Path, out: NewFile | None) -> dict[str, Any]:
    """Let a process of its own read a foreign file."""
    size = source.stat().st_size
    cpu_s = cpu_limit_s(size)
    job = {
        "source": str(source.resolve()),
        "out": str(out.path.absolute()) if out else "",
        "parent": os.getpid(),
        "memory_bytes": memory_limit_bytes(size),
        "cpu_s": cpu_s,
    }
    try:
        words, files = [json.dumps(job)], out.descriptors if out else ()
        done = run_alone("engine.models.importer.sandbox_child", words, cpu_s, descriptors=files)
    except ChildError:
        raise RefusedError(f"{source.name} {_TOO_LONG}") from None
    return _answer(source.name, done)


_TOO_LONG = "takes longer to read than any network of its size; do not use this file"


def _answer(name: str, done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = {}
    if "described" in said:
        described: dict[str, Any] = said["described"]
        return described
    if "refused" in said:
        raise RefusedError(f"{name} {said['refused']}")
    if "unwritten" in said:
        raise UnwrittenError(said["unwritten"])
    if "failed" in said:
        raise OSError(f"{name}: {said['failed']}")
    if was_out_of_time(done.returncode):
        raise RefusedError(f"{name} {_TOO_LONG}")
    # No traceback for the user, but its last line for whoever mends it.
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    raise RefusedError(
        f"{name} could not be read ({last[0][:200] if last else f'code {done.returncode}'}); "
        "if another program reads it, report this"
    )
