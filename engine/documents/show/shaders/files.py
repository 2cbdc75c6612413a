"""The files of a shader: its text, the vertex shader beside it, the pictures that it brings along.

In a show the pictures are small files called ``NAME.fs/PATH``, where NAME is the shader's.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.isf.header import Header
from engine.core.isf.source import LARGEST_BYTES, decode, join, split
from engine.documents.pictures import LARGEST_BYTES as LARGEST_PICTURE
from engine.documents.pictures import cube, decode_picture
from engine.system import untrusted
from engine.system.untrusted import OutsideError, read_bytes

SUFFIX = ".fs"
VERTEX = ".vs"
_NAMED = re.compile(r'"VERTEX_SHADER"\s*:\s*"([^"\\]+)"')
_INSIDE = f"{SUFFIX}/"


def read_shader(path: Path) -> str:
    """Text of a shader with its vertex shader: the one that it names, or ``NAME.vs`` beside it.

    Raises
    ------
    OSError, ValueError
        If one of them cannot be read; ``FILE: what is wrong``.
    """
    text = decode(read_bytes(path, LARGEST_BYTES), path.name)
    if split(text)[1]:
        return text
    named = _NAMED.search(text)
    name = named[1] if named else f"{path.stem}{VERTEX}"
    vertex = untrusted.place(name, path.parent, path.resolve().parent)
    if named and not vertex.is_file():
        raise ValueError(f"{path}: names the vertex shader '{name:.80}', and it is not there")
    if not vertex.is_file():
        return text
    return join(text, decode(read_bytes(vertex, LARGEST_BYTES), name), name)


def picture_name(shader: str, path: str) -> str:
    """What a show calls a picture that a shader brings along."""
    return f"{shader.removesuffix(SUFFIX)}{_INSIDE}{path}"


def split_name(name: str) -> tuple[str, str] | None:
    """Shader and path of a picture that it brings along; None: it is another file."""
    shader, mark, path = name.partition(_INSIDE)
    return (shader, path) if mark and shader and path else None


def read_picture(shader: Path, path: str) -> bytes:
    """Content of a picture that a shader brings along: beneath its folder, or beside that.

    Raises
    ------
    OSError, ValueError
        If it lies elsewhere or cannot be read; ``FILE: what is wrong``.
    """
    folder = shader.resolve().parent
    inside = path.replace("\\", "/")
    while inside.startswith("./"):
        inside = inside[2:]
    if inside.startswith("../"):  # as the format allows: one step up, and no further
        folder, inside = folder.parent, inside[3:]
    try:
        return read_bytes(untrusted.place(inside, folder), LARGEST_PICTURE)
    except FileNotFoundError:
        raise ValueError(f"{shader}: the picture '{path:.80}' is not there") from None
    except OutsideError as error:
        raise ValueError(f"{shader}: the picture {error}") from None


def read_pictures(path: Path, header: Header) -> tuple[dict[str, NDArray[np.uint8]], list[str]]:
    """Read the pictures that a shader brings along, by their names in it; cubes as six faces.

    Returns
    -------
    pictures, notes
        What there is, and which are missing or not seen as they are meant, and why.
    """
    found: dict[str, NDArray[np.uint8]] = {}
    notes = []
    for each in header.imported:
        try:
            if not each.paths:
                raise ValueError("it names no file")
            decoded = [decode_picture(read_picture(path, name), name) for name in each.paths]
        except (OSError, ValueError) as error:
            notes.append(f"the picture {each.name} is black: {error}")
        else:
            faces = [face for face, _ in decoded]
            notes += [note for _, told in decoded for note in told]
            found[each.name] = cube(faces) if each.is_cube else faces[0]
    return found, notes


def copies(path: Path, header: Header) -> dict[str, bytes]:
    """All files of a shader by their names beneath a folder, for a copy of it.

    Raises
    ------
    OSError, ValueError
        If one cannot be read, or lies outside the shader's own folder.
    """
    found = {path.name: read_bytes(path, LARGEST_BYTES)}
    vertex = untrusted.place(header.vertex_name, path.parent) if header.vertex_name else path
    if vertex != path and vertex.is_file():
        found[header.vertex_name] = read_bytes(vertex, LARGEST_BYTES)
    for each in header.imported:
        for name in each.paths:
            if ".." in Path(name).parts:
                raise ValueError(f"{path}: brings '{name:.80}', outside its folder; move it inside")
            with suppress(ValueError):  # one that is missing is black there, too
                found[name.removeprefix("./")] = read_picture(path, name)
    return found
