"""Opening of untrusted files: regular ones only, of bounded size."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file; what it is, is judged by its open descriptor.

    Parameters
    ----------
    most
        Bytes that it may have.

    Raises
    ------
    OSError
        If it is missing, may not be read, or is a pipe, a device or a folder: none is waited for.
    ValueError
        If it is larger.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(22, "it is no regular file", str(path))
        with os.fdopen(os.dup(file), "rb") as stream:
            data = stream.read(most + 1)
    finally:
        os.close(file)
    if len(data) > most:
        raise ValueError(f"{path}: larger than {most >> 10} kB; is it the right file?")
    return data
