"""Files that are whole or absent: they get their name when they are finished."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STALE_S = 3600.0  # a leftover of this age belongs to no process that still writes


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A file that is being written.

    Parameters
    ----------
    path
        Where to write; also good in a child process that is given `files`.
    files
        Descriptors that such a child must inherit.
    """

    path: Path
    files: tuple[int, ...]


@contextmanager
def unfinished(out: Path) -> Iterator[Unfinished]:
    """Give a place to write to; at the end the file is `out`, after an error it is gone.

    On Linux it has no name before it is finished: not even the end of the process, whatever ends
    it, leaves a part behind. Elsewhere it is a hidden neighbour of `out`.

    Raises
    ------
    OSError
        If the folder is missing, or takes no files.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder: make it first")
    _sweep(out)
    part = out.with_name(f".{out.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    file = _open_nameless(out.parent)
    try:
        if file is None:
            yield Unfinished(part, ())
        else:
            path = Path(f"/proc/self/fd/{file}")
            yield Unfinished(path, (file,))
            # A descriptor of its own is what makes `os.link` follow the link of /proc.
            os.link(path, part, src_dir_fd=file)
        part.replace(out)
    finally:
        if file is not None:
            os.close(file)
        part.unlink(missing_ok=True)


def _open_nameless(folder: Path) -> int | None:
    """Open a file without a name; None: this system or this disk has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_RDWR, 0o666)
    except OSError:  # whatever is wrong with the folder, a named file will say it
        return None


def _sweep(out: Path) -> None:
    """Take away what earlier processes left, where files have names from the beginning."""
    for old in out.parent.glob(f".{_literal(out.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _STALE_S:
                old.unlink()


def _literal(name: str) -> str:
    """Write a name so that `glob` takes it as it is."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
