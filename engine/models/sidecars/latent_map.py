"""The file of a latent map, ``NAME.map.npz``: places, latents and small pictures of them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.system import npy

SUFFIX = ".map.npz"
MOST = 4096
_MOST_INPUTS = 8
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class MapFile:
    """What it holds.

    Parameters
    ----------
    places
        In 0..1 [shape=(K, inputs)].
    latents
        As the port takes them [shape=(K, D) or (K, rows, D)].
    thumbs
        sRGB [shape=(K, S, S, 3)]; without any, K is 0.
    about
        ``model`` (its hash), ``port``, ``names``.
    """

    places: NDArray[np.float32]
    latents: NDArray[np.float32]
    thumbs: NDArray[np.uint8]
    about: dict[str, Any] = field(default_factory=dict)


def write(found: MapFile) -> bytes:
    """Write a map."""
    out = io.BytesIO()
    about = np.frombuffer(json.dumps(found.about, sort_keys=True).encode(), np.uint8)
    np.savez_compressed(
        out,
        places=found.places.astype("<f4"),
        latents=found.latents.astype("<f4"),
        thumbs=found.thumbs,
        about=about,
    )
    return out.getvalue()


def read(data: bytes, name: str) -> MapFile:
    """Read a map; nothing in it is executed.

    Raises
    ------
    ValueError
        If it is none, or damaged.
    """
    cure = "make one with 'latent-cinema map'"
    arrays = npy.read(data, _MOST_BYTES)
    try:
        places, latents, thumbs = arrays["places"], arrays["latents"], arrays["thumbs"]
        about = json.loads(arrays["about"].tobytes())
    except (KeyError, ValueError, RecursionError):
        raise ValueError(f"{name} is no latent map, or damaged; {cure}") from None
    count = len(places) if places.ndim == 2 else 0
    is_whole = (
        1 <= count <= MOST
        and 1 <= places.shape[1] <= _MOST_INPUTS
        and places.dtype == latents.dtype == np.float32
        and latents.ndim in (2, 3)
        and len(latents) == count
        and thumbs.dtype == np.uint8
        and thumbs.ndim == 4
        and thumbs.shape[0] in (0, count)
        and thumbs.shape[3] == 3
        and isinstance(about, dict)
    )
    if not is_whole:
        raise ValueError(f"{name} is damaged: its arrays do not fit each other; {cure}")
    if not (np.isfinite(places).all() and np.isfinite(latents).all()):
        raise ValueError(f"{name} holds what is no number (NaN, infinite); {cure}")
    return MapFile(places.clip(0, 1), latents, thumbs, about)
