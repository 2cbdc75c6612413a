"""Limited child processes for foreign data: bounded in CPU time and memory, harmless.

The parent calls `ask`; the child is ``python -m engine.system.limited_child TASK JOB``. A task is a
function ``(data, job)`` of a module; from its call on the process writes nothing, starts nothing
and opens no connection.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.system.limits import bound, was_out_of_time
from engine.system.spawn import environment

FORBIDDEN = ("os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
              "pty.", "socket.", "subprocess.", "ctypes.", "pickle.find_class",
              "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "shutil.",
              "urllib.", "webbrowser.", "winreg.")  # fmt: skip


class Bounds(NamedTuple):
    """What a child may take."""

    memory_bytes: int
    cpu_s: int


class ChildError(ValueError):
    """The data was not read; the sentence says why, without the name of the file."""


class RefusedError(ChildError):
    """The task itself refused, with a sentence of its own."""


def ask(task: str, job: Mapping[str, Any], bounds: Bounds, data: bytes = b"") -> Any:
    """Let a child do a task, ``module:function``, told a job as JSON can say it; return its result.

    Raises
    ------
    RefusedError
        With the sentence of a ValueError or OSError that the task raised.
    ChildError
        If it was ended by its bounds, or by a fault.
    """
    return fetch(task, job, bounds, data)[0]


def fetch(
    task: str, job: Mapping[str, Any], bounds: Bounds, data: bytes = b""
) -> tuple[Any, memoryview]:
    """Let a child do a task, as `ask`; return its result and the bytes that it gave out."""
    done = run_alone(__name__, [task, json.dumps([*bounds, job])], bounds.cpu_s, data)
    end = done.stdout.rfind(b"\n")  # the result is the last line
    return _result(done, done.stdout[end + 1 :]), memoryview(done.stdout)[: max(end, 0)]


def give(some: bytes | memoryview) -> None:
    """Give bytes to whoever asked, from a task in its child."""
    sys.stdout.buffer.write(some)


def run_alone(
    module: str, words: Sequence[str], cpu_s: int, data: bytes | None = None,
    descriptors: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:  # fmt: skip
    """Run a module on stdin's data, with inherited descriptors, in a child bounded by CPU time.

    Raises
    ------
    ChildError
        If it takes too long where no system bounds it.
    """
    # One thread: each more would take address space from the data's share.
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        return subprocess.run(
            # -P: whatever lies in the working folder must not be imported.
            [sys.executable, "-P", "-m", module, *words],
            capture_output=True,
            check=False,
            input=b"" if data is None else data,
            pass_fds=tuple(descriptors),
            env=environment(**one, PYTHONDONTWRITEBYTECODE="1"),
            # The wall's clock bounds only where CPU time cannot: others may need this machine too.
            timeout=None if os.name == "posix" else 4 * cpu_s,
        )
    except subprocess.TimeoutExpired:
        raise ChildError(_TOO_LONG) from None


_TOO_LONG = "takes longer to read than any honest file of its size; do not use it"
_TOO_MUCH = "takes more memory than any honest file of its size; do not use it"


def _result(done: subprocess.CompletedProcess[bytes], last: bytes) -> Any:
    """Result of a child by its last line, or what ended it."""
    try:
        said = json.loads(last)
    except ValueError:
        said = {}
    if "result" in said:
        return said["result"]
    if "refused" in said:
        raise RefusedError(said["refused"])
    if "too" in said:
        raise ChildError(_TOO_MUCH if said["too"] == "much" else "is nested without end")
    if was_out_of_time(done.returncode):
        raise ChildError(_TOO_LONG)
    # No traceback for the user, but its last line for whoever mends it.
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    raise ChildError(
        f"could not be read ({lines[0][:200] if lines else f'code {done.returncode}'}); if another "
        "program reads it, report this"
    )


def _forbid() -> None:
    """Make everything that a reader never does an error, for the rest of this process."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN) or (event == "open" and writes(arguments)):
            raise PermissionError(f"a reader never does this: {event}")

    sys.addaudithook(watch)


def writes(arguments: tuple[Any, ...]) -> bool:
    """Whether the arguments of an ``open`` event (path, mode, flags) ask for writing."""
    flags = arguments[2] if isinstance(arguments[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def main() -> int:
    """Do the task of the command line."""
    task, told = sys.argv[1:]
    memory_bytes, cpu_s, job = json.loads(told)
    bound(memory_bytes, cpu_s)
    data = sys.stdin.buffer.read()
    module, _, function = task.partition(":")
    work = getattr(importlib.import_module(module), function)
    _forbid()
    try:
        said: dict[str, Any] = {"result": work(data, job)}
    except MemoryError:
        said = {"too": "much"}
    except RecursionError:
        said = {"too": "deep"}
    except (ValueError, OSError) as error:
        said = {"refused": str(error)}
    sys.stdout.write(f"\n{json.dumps(said)}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at once: taking a million objects apart is nobody's wish
