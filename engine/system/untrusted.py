"""Opening of untrusted files: regular ones only, of bounded size."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading; what it is, is judged by its open descriptor.

    Raises
    ------
    OSError
        If it is missing, may not be read, or is a pipe, a device or a folder: none is waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(22, "it is no regular file", str(path))
    return os.fdopen(file, "rb")


def read_bytes(path: Path, most: int) -> bytes:
    """Read a file as `open_regular` opens it.

    Parameters
    ----------
    most
        Bytes that it may have.

    Raises
    ------
    OSError
        As `open_regular`.
    ValueError
        If it is larger.
    """
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path}: larger than {most >> 10} kB; is it the right file?")
    return data
