"""Files that are whole or absent: they get their name when they are finished."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_writable(path: Path) -> None:
    """Find out, before anything is opened, whether a file can be written.

    Raises
    ------
    FileNotFoundError
        If its folder is not there.
    PermissionError
        If nothing can be written there.
    """
    folder = path.parent
    try:
        is_there, why = folder.is_dir(), _obstacle(path)
    except OSError as error:
        is_there, why = True, error.strerror or str(error)
    if not is_there:
        raise FileNotFoundError(f"{path}: there is no folder {folder}; make it first")
    if why:
        raise PermissionError(_unwritable(path, why))


def _obstacle(path: Path) -> str:
    """Why a file in a folder that is there cannot be written; "" if it can."""
    if path.is_dir():
        return "it is a folder"
    if not _is_plain(path):  # opening a pipe would wait for its reader
        return "" if os.access(path, os.W_OK) else "no permission"
    if path.exists():
        path.open("ab").close()
    if path.parent.is_dir():
        tempfile.TemporaryFile(dir=path.parent).close()  # a new file takes the old one's place
    return ""


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a JSON file in one step.

    Raises
    ------
    OSError
        If it cannot be written; the message names `path`.
    """
    text = json.dumps(data, indent=2) + "\n"
    new = path.with_name(path.name + ".new") if _is_plain(path) else path
    try:
        new.write_text(text, encoding="utf-8")
        if new != path:
            new.replace(path)
    except OSError as error:
        if new != path:
            _drop(new)
        raise type(error)(_unwritable(path, error.strerror or str(error))) from None


def _unwritable(path: Path, why: str) -> str:
    return f"{path}: cannot be written ({why}); choose another place"


def _is_plain(path: Path) -> bool:
    """Whether it is a file or nothing yet: no new file may take the place of a device or pipe."""
    return path.is_file() or not path.exists()


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


Arrays = dict[str, NDArray[Any]]


def write_whole(path: Path, arrays: Arrays) -> None:
    """Write an ``.npz`` file so that there is always a whole one."""
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]  # its stub takes a keyword for an array
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(data.getvalue())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


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
