"""The sandboxed process that reads a foreign model file: small, limited, and on its own.

It is started as ``python -m engine.models.importer.sandbox_child JOB``, where JOB is JSON:
``source``, ``out`` (empty: describe only), ``parent`` (the ID of its process), ``memory_bytes``,
``cpu_s``. It answers with one JSON document on stdout.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from engine.system.limited_child import FORBIDDEN, writes
from engine.system.limits import bound
from engine.system.spawn import is_orphan

# What a reader of numbers never does. The hook is a second wall: the first one runs nothing.
_FORBIDDEN = (*FORBIDDEN, "marshal.")


def forbid(out: str) -> None:
    """Make everything that a reader never does an error, for the rest of this process."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.remove" and arguments[0] == out:
            return
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"a model reader never does this: {event}")
        if event == "open" and writes(arguments) and arguments[0] != out:
            raise PermissionError("a model reader writes its result only")

    sys.addaudithook(watch)


class UnwrittenError(Exception):
    """The disk did not take the result; the text says why."""


def answer(source: Path, out: str) -> dict[str, Any]:
    """Read a model, write it if asked, describe it.

    Raises
    ------
    ValueError
        If it is refused.
    UnwrittenError
        If the result cannot be written.
    OSError
        If the model cannot be read.
    """
    import codecs
    import importlib
    from dataclasses import replace

    from engine.models.card import write
    from engine.models.describe import describe
    from engine.models.formats.reader import read_network
    from engine.models.network import check_finite
    from engine.models.safetensors import map_file
    from engine.system.hashing import sha256

    # What Python and NumPy import when it is first used: from here on nothing is imported.
    importlib.import_module("numpy.random")
    for name in ("ascii", "latin-1", "raw-unicode-escape", "utf-8"):
        codecs.lookup(name)
    forbid(out)
    data = map_file(source)
    network = replace(read_network(data), source_sha256=sha256(data))
    if out:
        try:
            with open(out, "wb") as file:
                write(file, network)
        except OSError as error:
            raise UnwrittenError(error.strerror or str(error)) from None
    else:
        for name, tensor in network.state.items():
            check_finite(name, tensor)
    return describe(network)


def _clear(out: str, parent: int) -> None:
    """Take the result away if nobody is left who could; one without a name goes by itself."""
    if out and not out.startswith("/proc/") and is_orphan(parent):
        with contextlib.suppress(OSError):
            os.remove(out)


def main() -> int:
    """Do the job of the command line."""
    job = json.loads(sys.argv[1])
    bound(job["memory_bytes"], job["cpu_s"])
    gc.disable()  # a million small objects, all alive: collecting them is time for nothing
    try:
        said: dict[str, Any] = {"described": answer(Path(job["source"]), job["out"])}
    except ValueError as error:
        said = {"refused": str(error)}
    except MemoryError:
        said = {"refused": "wants more memory than its size allows; do not use this file"}
    except RecursionError:
        said = {"refused": "is nested without end; do not use this file"}
    except UnwrittenError as error:
        said = {"unwritten": str(error)}
    except OSError as error:
        said = {"failed": error.strerror or str(error)}
    _clear(job["out"], job["parent"])
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    # Leave at once: taking a million objects apart, one by one, is nobody's wish.
    code = main()
    sys.stdout.flush()
    os._exit(code)
