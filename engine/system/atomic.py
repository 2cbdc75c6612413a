"""Atomic writes: files are whole or absent, and get their name when they are finished.

Everything that the engine stores is written by `new_file`, so that what a file must never do (stay
half written, follow a link, take another's place while it grows) is held in one function.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from engine.system.untrusted import open_regular

_STALE_S = 3600.0  # a leftover of this age belongs to no process that still writes
_PART = re.compile(r"\..+\.\d+-[0-9a-f]+\.part")
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)  # Windows opens no folders


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
    it, leaves a part behind. Elsewhere it is a hidden neighbour of `out`. A link is replaced, never
    followed, and the folder is opened once: what is put in its place later gets nothing. A device
    or a pipe is written to as it is.

    Parameters
    ----------
    is_durable
        Wait until the disk has it, before it takes the place of an older one, and has its name.

    Raises
    ------
    OSError
        If the folder is missing, or takes no files.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder: make it first")
    if not _is_plain(out):
        _find_reader(out)
        yield NewFile(out)
        return
    _sweep(out.parent)
    with _folder(out.parent) as folder:
        part = out.with_name(f".{out.name[:60]}.{os.getpid()}-{secrets.token_hex(4)}.part")
        file = _open_nameless(folder.descriptor)
        try:
            if file is None:
                os.close(folder.create(part))
            new = NewFile(part) if file is None else NewFile(Path(f"/proc/self/fd/{file}"), (file,))
            yield new
            if is_durable:
                with new.path.open("rb+") as written:
                    os.fsync(written.fileno())
            folder.put(new.path if file is not None else None, part, out, file)
            if is_durable:
                folder.flush()
        finally:
            if file is not None:
                os.close(file)
            with suppress(OSError):  # what went wrong before says more
                os.unlink(folder.name(part), dir_fd=folder.descriptor)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder, open where the system can name files in an open one."""

    path: Path
    descriptor: int | None

    def name(self, path: Path) -> str:
        """How the system is told of a file in it."""
        return path.name if self.descriptor is not None else str(path)

    def create(self, path: Path) -> int:
        """Make a file in it that was not there, no link either; return its descriptor."""
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NOFOLLOW", 0)
        return os.open(self.name(path), flags, 0o666, dir_fd=self.descriptor)

    def put(self, source: Path | None, part: Path, out: Path, file: int | None) -> None:
        """Give a finished file its name."""
        at = self.descriptor
        if source is not None:
            # A descriptor of its own is what makes `os.link` follow the link of /proc.
            os.link(source, self.name(part), src_dir_fd=file, dst_dir_fd=at)
        os.replace(self.name(part), self.name(out), src_dir_fd=at, dst_dir_fd=at)

    def flush(self) -> None:
        """Wait until the disk has its names; some folders and systems cannot say."""
        if self.descriptor is not None:
            with suppress(OSError):
                os.fsync(self.descriptor)


@contextmanager
def _folder(path: Path) -> Iterator[_Folder]:
    if not {os.open, os.unlink, os.rename} <= os.supports_dir_fd:
        yield _Folder(path, None)
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | _DIRECTORY)
    except PermissionError:  # a folder that may be written to and not listed
        if not hasattr(os, "O_PATH"):
            yield _Folder(path, None)
            return
        descriptor = os.open(path, os.O_PATH | _DIRECTORY)
    try:
        yield _Folder(path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def open_new(out: Path, *, is_durable: bool = True) -> Iterator[BinaryIO]:
    """Open a `new_file` for writing bytes."""
    with new_file(out, is_durable=is_durable) as new, new.path.open("wb") as file:
        yield file


def open_growing(out: Path) -> BinaryIO:
    """Open a file that has its name while it grows: a film that is killed can be played.

    What has the name, a file or a link, makes room first.

    Raises
    ------
    OSError
        If the folder is missing, or takes no files.
    """
    if not _is_plain(out):
        _find_reader(out)
        return cast("BinaryIO", out.open("wb", buffering=0))
    with _folder(out.parent) as folder:
        with suppress(FileNotFoundError):
            os.unlink(folder.name(out), dir_fd=folder.descriptor)
        return cast("BinaryIO", os.fdopen(folder.create(out), "wb", buffering=0))


def copy(source: Path, out: Path) -> None:
    """Copy a regular file in one step; its folder is made.

    Raises
    ------
    OSError
        If `source` is none, or it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with open_regular(source) as file, open_new(out) as new:
        shutil.copyfileobj(file, new, 1 << 20)


def write_bytes(out: Path, data: bytes, *, is_durable: bool = True) -> None:
    """Write a file in one step.

    Raises
    ------
    OSError
        If it cannot be written; an older one is still there.
    """
    with new_file(out, is_durable=is_durable) as new:
        new.path.write_bytes(data)


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file that grows; a link is not followed.

    Raises
    ------
    OSError
        If it cannot be written, or is a link.
    """
    flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
    with os.fdopen(file, "ab") as stream:
        stream.write(data)


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


def _find_reader(path: Path) -> None:
    """See to it that somebody reads from a named pipe: opening it would wait for one for ever.

    Raises
    ------
    OSError
        If nobody does.
    """
    if hasattr(os, "O_NONBLOCK") and path.is_fifo():
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise OSError(errno.ENXIO, "nobody reads from this pipe", str(path)) from None
            raise


def _unwritable(path: Path, why: str) -> str:
    return f"{path}: cannot be written ({why}); choose another place"


def _is_plain(path: Path) -> bool:
    """Whether a new file takes its name; not that of a device or pipe.

    A link is a name like others, but for those of the system's own, as ``/dev/stdout``.
    """
    is_named = path.is_symlink() and not path.is_relative_to("/dev")
    return is_named or path.is_file() or not path.exists()


def _open_nameless(at: int | None) -> int | None:
    """Open a file without a name; None: this system or this disk has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or at is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(".", flag | os.O_RDWR, 0o666, dir_fd=at)
    except OSError:  # whatever is wrong with the folder, a named file will say it
        return None


@lru_cache(maxsize=256)
def _sweep(folder: Path) -> None:
    """Take away, once, what earlier processes left where they were ended."""
    with suppress(OSError):
        for old in os.scandir(folder):
            if _PART.fullmatch(old.name) and time.time() - old.stat().st_mtime > _STALE_S:
                os.unlink(old)
