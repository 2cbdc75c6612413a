"""Track and sidecar files: arrays of a show frame by frame, and a page that says what they are.

An ``.npz`` of plain members, none compressed: ``about.json`` (see `About`), ``values.npy``,
``motion_s.npy``, ``cuts.npy``, and ``ADDRESS.npy`` for the coordinates of every latent; files that
the show names lie in ``beside/``. Nothing in it is trusted, and nothing is run.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.documents.errors import reading
from engine.system import npy
from engine.system.atomic import open_new
from engine.system.untrusted import read_bytes

LARGEST_BYTES = 1 << 29
MOST_FRAMES = 4_000_000
_ABOUT = "about.json"
_MOST_MEMBERS = 512
_LARGEST_ABOUT = 32 << 20
_LATENT = ("<f4", "<f8")
_KINDS = {"values": "<f8", "motion_s": "<f8", "cuts": "|b1"}


class TrackError(ValueError):
    """A track or sidecar that cannot be read; the message names file, place and cure."""


class About(msgspec.Struct, frozen=True):
    """What the arrays of a track are.

    Parameters
    ----------
    kind
        ``sidecar`` (of a proxy film) or ``track``.
    fps, frames
        Exact rate, and how many there are.
    parameters
        Address → [kind, unit, low, high] of every parameter.
    columns
        Addresses of the columns of ``values``; `constants` are the other parameters.
    latents
        Address → geometry of the port.
    film, show, text, hash, models
        Name of the film · of the show · its text and content hash · marks of its models.
    """

    kind: str
    fps: str
    frames: int
    parameters: dict[str, tuple[str, str, float | None, float | None]]
    columns: list[str]
    constants: dict[str, float]
    latents: dict[str, str]
    film: str = ""
    show: str = ""
    text: str = ""
    hash: str = ""
    models: list[dict[str, Any]] = []

    @property
    def rate(self) -> Fraction:
        """Frames per second."""
        return Fraction(self.fps)


class TrackFile(msgspec.Struct, frozen=True):
    """A track or sidecar that was read.

    Parameters
    ----------
    values [shape=(N, K)], motion_s [shape=(N,)], cuts [shape=(N,)]
        Columns of the parameters that change · TIME of shaders · whether a cut follows a frame.
    latents
        Address → coordinates [shape=(N, size) or (N, points, size)]: float32 where the port takes
        them as they are, else float64.
    beside
        Name of a file of the show → its content.
    """

    about: About
    values: NDArray[np.float64]
    motion_s: NDArray[np.float64]
    cuts: NDArray[np.bool_]
    latents: Mapping[str, NDArray[Any]]
    beside: Mapping[str, bytes] = {}


def write(path: Path, file: TrackFile) -> None:
    """Write a track in one step.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "values": file.values.astype("<f8"), "motion_s": file.motion_s.astype("<f8"),
        "cuts": file.cuts.astype("|b1"),
        **{n: rows.astype(rows.dtype.newbyteorder("<")) for n, rows in file.latents.items()},
    }  # fmt: skip
    with open_new(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_ABOUT, msgspec.json.encode(file.about))
        for name, rows in arrays.items():
            npy.add(archive, name, np.ascontiguousarray(rows))
        for name, data in file.beside.items():
            archive.writestr(f"beside/{name}", data)


def load(path: Path) -> TrackFile:
    """Read a track or sidecar from a file, see `read`."""
    with reading(path, TrackError):
        data = read_bytes(path, 2 * LARGEST_BYTES)
    return read(data, str(path))


def read(data: bytes, name: str) -> TrackFile:
    """Read a track or sidecar; arrays are views of its bytes.

    Raises
    ------
    TrackError
        If it is damaged, holds what is no number, or is none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {m.filename: m for m in archive.infolist()}
            _check_members(name, members, len(data))
            about = msgspec.json.decode(archive.read(_ABOUT), type=About)
            beside = {n[7:]: archive.read(n) for n in members if n.startswith("beside/")}
            found = {
                n[:-4]: _array(data, m) for n, m in members.items() if n.endswith(".npy")
            }  # fmt: skip
        _check(about, found)
        values, motion_s, cuts = (found.pop(each) for each in _KINDS)
    except TrackError:
        raise
    except KeyError as error:
        raise TrackError(f"{name}: {error} is missing; it is no track or sidecar of ours") from None
    except Exception as error:  # noqa: BLE001 - zip and NumPy headers end in a dozen kinds of it
        raise TrackError(f"{name}: no track or sidecar that can be read: {error}") from None
    for address in about.latents:
        if not np.isfinite(found[address]).all():
            row = int(np.argwhere(~np.isfinite(found[address]))[0][0])
            raise TrackError(f"{name}: {address}: frame {row} holds what is no number")
    rows = {n: found[n] for n in about.latents}
    return TrackFile(about, values, motion_s, cuts, rows, beside)


def _check_members(name: str, members: Mapping[str, zipfile.ZipInfo], size: int) -> None:
    if len(members) > _MOST_MEMBERS or any(m.compress_type for m in members.values()):
        raise TrackError(f"{name}: no track or sidecar of ours: its members are packed or too many")
    if members[_ABOUT].file_size > _LARGEST_ABOUT:
        raise TrackError(f"{name}: its page {_ABOUT} is too large")
    if sum(member.file_size for member in members.values()) > size:
        raise TrackError(f"{name}: its members lie over each other; do not use it")


def _array(data: bytes, member: zipfile.ZipInfo) -> NDArray[Any]:
    """View of an array in the file; a header that promises more than there is ends in an error."""
    at = member.header_offset
    start = at + 30 + int.from_bytes(data[at + 26 : at + 28], "little")
    start += int.from_bytes(data[at + 28 : at + 30], "little")
    array = npy.array_of(memoryview(data)[start : start + member.file_size])
    if array is None:
        raise ValueError(f"{member.filename} is cut off, or no array of numbers")
    if array.dtype.str not in (*_KINDS.values(), *_LATENT) or array.ndim > 3:
        raise ValueError(f"{member.filename} is {array.dtype}, shape {array.shape}")
    return array


def _check(about: About, found: Mapping[str, NDArray[Any]]) -> None:
    """Hold the arrays to what the page says.

    Raises
    ------
    KeyError, ValueError
        If one is missing, or does not fit.
    """
    count, rate = about.frames, about.rate
    if not 1 <= count <= MOST_FRAMES or not 0 < rate <= 1000 or rate.denominator > 100_000:
        raise ValueError(f"{count} frames at {about.fps} a second make no track")
    shapes = {"values": (count, len(about.columns)), "motion_s": (count,), "cuts": (count,)}
    for each, shape in shapes.items():
        if found[each].dtype.str != _KINDS[each] or found[each].shape != shape:
            raise ValueError(f"{each} has the shape {found[each].shape}, not {shape}")
    for address in about.latents:
        rows = found[address]
        if rows.dtype.str not in _LATENT or rows.ndim < 2 or len(rows) != count or not rows.size:
            raise ValueError(f"{address} has the shape {rows.shape} for {count} frames")
    if not np.isfinite(found["values"]).all() or not np.isfinite(found["motion_s"]).all():
        raise ValueError("values that are no numbers")
    if not all(math.isfinite(x) for x in about.constants.values()):
        raise ValueError("constants that are no numbers")
