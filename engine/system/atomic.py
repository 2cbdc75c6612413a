"""Atomic writes: files are whole or absent, and get their name when they are finished.

Everything that the engine stores is written by `new_file`, so that what a file must never do (stay
half written, follow a link, take another's place while it grows) is held in one function.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

_STALE_S = 3600.0  # a leftover of this age belongs to no process that still writes
_PART = re.compile(r"\..+\.\d+-[0-9a-f]+\.part")


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is being written.

    Parameters
    ----------
    path
        Where to write; also good in a child process that is given `descriptors`.
    descriptors
        That such a child must inherit.
    """

    path: Path
    descriptors: tuple[int, ...] = ()


@contextmanager
def new_file(out: Path, *, is_durable: bool = True) -> Iterator[NewFile]:
    """Give a place to write to; at the end the file is `out`, after an error it is gone.

    On Linux it has no name before it is finished: not even the end of the process, whatever ends
    it, leaves a part behind. Elsewhere it is a hidden neighbour of `out`. A device or a pipe is
    written to as it is.

    Parameters
    ----------
    is_durable
        Wait until the disk has it, before it takes the place of an older one.

    Raises
    ------
    OSError
        If the folder is missing, or takes no files.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder: make it first")
    if not _is_plain(out):
        yield NewFile(out)
        return
    _sweep(out.parent)
    part = out.with_name(f".{out.name[:60]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    file = _open_nameless(out.parent)
    try:
        if file is None:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        new = NewFile(part) if file is None else NewFile(Path(f"/proc/self/fd/{file}"), (file,))
        yield new
        if is_durable:
            with new.path.open("rb+") as written:
                os.fsync(written.fileno())
        if file is not None:
            # A descriptor of its own is what makes `os.link` follow the link of /proc.
            os.link(new.path, part, src_dir_fd=file)
        part.replace(out)
    finally:
        if file is not None:
            os.close(file)
        with suppress(OSError):  # what went wrong before says more
            part.unlink(missing_ok=True)


@contextmanager
def open_new(out: Path, *, is_durable: bool = True) -> Iterator[BinaryIO]:
    """Open a `new_file` for writing bytes."""
    with new_file(out, is_durable=is_durable) as new, new.path.open("wb") as file:
        yield file


def write_bytes(out: Path, data: bytes, *, is_durable: bool = True) -> None:
    """Write a file in one step.

    Raises
    ------
    OSError
        If it cannot be written; an older one is still there.
    """
    with new_file(out, is_durable=is_durable) as new:
        new.path.write_bytes(data)


def write_text(out: Path, text: str) -> None:
    """Write a text in UTF-8 in one step, as `write_bytes`."""
    write_bytes(out, text.encode())


def write_json(out: Path, data: dict[str, Any]) -> None:
    """Write figures for whoever waits for them; nothing waits for the disk.

    Raises
    ------
    OSError
        If it cannot be written; the message names `out`.
    """
    try:
        write_bytes(out, json.dumps(data, indent=2).encode() + b"\n", is_durable=False)
    except OSError as error:
        raise type(error)(_unwritable(out, error.strerror or str(error))) from None


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


def _unwritable(path: Path, why: str) -> str:
    return f"{path}: cannot be written ({why}); choose another place"


def _is_plain(path: Path) -> bool:
    """Whether it is a file or nothing yet: no new file may take the place of a device or pipe."""
    return path.is_file() or not path.exists()


def _open_nameless(folder: Path) -> int | None:
    """Open a file without a name; None: this system or this disk has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_RDWR, 0o666)
    except OSError:  # whatever is wrong with the folder, a named file will say it
        return None


@lru_cache(maxsize=256)
def _sweep(folder: Path) -> None:
    """Take away, once, what earlier processes left where they were ended."""
    with suppress(OSError):
        for old in os.scandir(folder):
            if _PART.fullmatch(old.name) and time.time() - old.stat().st_mtime > _STALE_S:
                os.unlink(old)
