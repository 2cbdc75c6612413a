"""Opening of untrusted files: regular ones only, of bounded size."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path, PureWindowsPath


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
    """Read a file of at most so many bytes as `open_regular` opens it.

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


class OutsideError(ValueError):
    """A name that leads out of its folder; the message says how."""


def place(name: str, *folders: Path) -> Path:
    """Find a file by the name that a document gives it: in the first of its folders that has it.

    Returns
    -------
    Path
        Where it is, or belongs in the first folder if it is not there.

    Raises
    ------
    OutsideError
        If the name is a whole path or holds ``..``, or if a link leads out of the folders.
    """
    check_name(name)
    places = [folder / name for folder in folders]
    path = next((each for each in places if os.path.lexists(each)), places[0])
    try:
        real = path.resolve()
        roots = [folder.resolve() for folder in folders]
    except (OSError, RuntimeError):  # links in a circle
        raise OutsideError(
            f"{path}: a link that leads nowhere; put the file itself there"
        ) from None
    if not any(real.is_relative_to(root) for root in roots):
        raise OutsideError(
            f"{path}: a link that leads out of {path.parent}; put the file itself there"
        )
    return path


def check_name(name: str) -> None:
    """Refuse the name of a file that does not lie beneath a folder, on any system.

    Raises
    ------
    OutsideError
        If it is none, a whole path, or holds ``..``.
    """
    path = PureWindowsPath(name)  # it knows the separators and the whole paths of both kinds
    if not path.parts or "\0" in name:
        raise OutsideError(f"'{name:.80}' is no name of a file")
    if path.drive or path.root or ".." in path.parts:
        raise OutsideError(
            f"'{name:.80}' leads out of the folder: put the file beside, and name it by its name"
        )


def read_beneath(folder: Path, name: str, most: int) -> bytes:
    """Read a file of at most `most` bytes beneath a folder.

    Raises
    ------
    OutsideError
        As `place`.
    OSError, ValueError
        As `read_bytes`.
    """
    return read_bytes(place(name, folder), most)
