"""Directions from other programs: their vectors as they are, their sigma measured here.

InterFaceGAN and stylegan3-editing (``.npy``, one vector), GANSpace (``.npz``, ``lat_comp``), e4e
(``.pt``, ``comp``, or one vector), SeFa in rosinality's form (``.pt``, ``eigvec``: columns).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.lab.directions.discovery import Options, direction_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.latent_file import read_arrays
from engine.models.safetensors import map_file
from engine.models.sidecars.directions import MOST, NAME, Direction

_MOST_BYTES = 256 << 20
_COMPONENTS, _COLUMNS = ("lat_comp", "comp"), "eigvec"


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return the directions of a file, in its order.

    Raises
    ------
    ValueError
        If it holds none, or none of this model.
    """
    path = options.file
    if path is None:
        raise ValueError("name the file that directions are taken from: --import FILE")
    named = _vectors(path)
    size = named[0][1].size
    shape = studied.shape
    spaces = [name for name, own in (("z", shape.z_dim), ("w", shape.w_dim)) if own == size]
    if not spaces:
        raise ValueError(
            f"{path} holds directions of {size} numbers; this model has z of {shape.z_dim} and w "
            f"of {shape.w_dim}: take those of a model like this one"
        )
    if len(spaces) > 1:
        spaces = [options.space]
        other = "w" if options.space == "z" else "z"
        options.notify(
            f"{path}: taken for directions in {options.space}; --space {other} says otherwise"
        )
    if len(named) == shape.num_ws > 1:
        options.notify(
            f"{path}: taken for {len(named)} directions; one that differs from layer to layer is "
            "not read"
        )
    options = replace(options, space=spaces[0])
    moments = moments_of(studied, options, space=options.space)
    return [
        direction_of(name, vector, moments, options, studied, "file", path.name)
        for name, vector in named[: min(options.count, MOST)]
    ]


def _vectors(path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """Read vectors [shape=(D,)] and names for them."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path}: larger than {_MOST_BYTES >> 20} MB: is it the right file?")
    arrays = {
        key: array.astype(np.float64)
        for key, array in read_arrays(map_file(path), str(path), "directions").items()
        if array.dtype.kind == "f" and array.size
    }
    stem = _slug(path.stem)
    if _COLUMNS in arrays and arrays[_COLUMNS].ndim == 2:
        return _numbered(stem, arrays[_COLUMNS].T, path)
    for key in _COMPONENTS:
        if key in arrays:
            return _numbered(stem, arrays[key], path)
    if len(arrays) == 1:
        return _numbered(stem, next(iter(arrays.values())), path)
    single = {key: array for key, array in arrays.items() if array.shape[-1] == array.size}
    if not single or len(single) < len(arrays) or len({a.size for a in single.values()}) > 1:
        raise ValueError(
            f"{path} holds no directions that are known here; it holds "
            f"{', '.join(list(arrays)[:8]) or 'no numbers'}: vectors of one length are taken, or "
            "GANSpace's 'lat_comp'"
        )
    return [(_slug(key), _checked(array, path)) for key, array in single.items()]


def _numbered(stem: str, array: NDArray[Any], path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """Name the rows of an array [shape=(D,), (K, D) or (K, 1, D)]."""
    if array.ndim == 3 and array.shape[1] == 1:
        array = array[:, 0]
    rows = np.atleast_2d(array)
    if rows.ndim == 2 and len(rows) > 1 and (rows == rows[:1]).all():
        rows = rows[:1]  # one vector, written for every layer
    if rows.ndim != 2:
        raise ValueError(
            f"{path} holds an array of shape {array.shape}: directions are (D,), (K, D) or "
            "(K, 1, D); one that differs from layer to layer is not read"
        )
    names = [stem] if len(rows) == 1 else [f"{stem[:28]}_{n}" for n in range(1, len(rows) + 1)]
    return [(name, _checked(row, path)) for name, row in zip(names, rows, strict=True)]


def _checked(vector: NDArray[np.float64], path: Path) -> NDArray[np.float64]:
    if not (np.abs(vector) < 1e6).all() or not vector.any():
        raise ValueError(f"{path} holds a direction that is none (NaN, beyond 1e6, or all zeros)")
    return vector.reshape(-1)


def _slug(text: str) -> str:
    """Make a name that can be part of an address of any other."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_0123456789")[:32]
    return name if NAME.fullmatch(name) else "direction"
