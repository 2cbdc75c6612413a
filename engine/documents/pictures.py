"""Picture files made arrays, and cubes made of pictures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.documents.errors import within
from engine.system.foreign import still_file

LARGEST_BYTES = 64 << 20
LARGEST_SIDE = 4096
"""A larger picture is averaged down to it."""
_LARGEST_FACE = 1024


@lru_cache(maxsize=8)  # a show is read again with every save, and each picture costs a process
def decode_picture(data: bytes, name: str) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode a picture, called `name`, as `system.foreign.still_file` does [shape=(H, W, 4)].

    And say what of it is not seen as it is meant, a sentence each.

    Raises
    ------
    ValueError
        If it is none, damaged, or too large.
    """
    with within(f"{name}: "):
        pixels, notes = still_file.read(data, (LARGEST_SIDE, LARGEST_SIDE))
        return pixels, tuple(f"{name}: {note}" for note in notes)


def cube(faces: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Six pictures, each as large as the largest, or a panorama as a cube [shape=(6, N, N, 4)]."""
    from PIL import Image

    if len(faces) == 1:
        return panorama(faces[0])
    side = max(max(face.shape[:2]) for face in faces)
    return np.stack([np.array(Image.fromarray(face).resize((side, side))) for face in faces])


def panorama(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Faces of the cube around a panorama: 360 by 180 degrees, its middle ahead (-z).

    References
    ----------
    OpenGL 3.3 core specification, table 3.21: the axes of the faces.
    """
    height, width, _ = picture.shape
    side = min(max(width // 4, 1), _LARGEST_FACE)
    places = (np.arange(side) + 0.5) / side * 2.0 - 1.0
    t, s = np.meshgrid(places, places, indexing="ij")
    one = np.ones_like(s)
    directions = np.array(
        [(one, -t, -s), (-one, -t, s), (s, one, t), (s, -one, -t), (s, -t, one), (-s, -t, -one)]
    )
    x, y, z = np.moveaxis(directions, 1, 0) / np.linalg.norm(directions, axis=1)
    across = (np.arctan2(x, -z) / (2.0 * np.pi) + 0.5) * width
    down = (0.5 - np.arcsin(np.clip(y, -1.0, 1.0)) / np.pi) * height
    faces: NDArray[np.uint8] = picture[
        np.clip(down.astype(int), 0, height - 1), across.astype(int) % width
    ]
    return faces
