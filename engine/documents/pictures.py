"""Picture files made arrays: of known kinds only, and of bounded size."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from engine.system.foreign.still_file import as_srgb

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "TGA")
LARGEST_BYTES = 64 << 20
LARGEST_SIDE = 8192
_MOST_PX = 40_000_000


def decode_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode a picture; of one that moves, its first frame.

    Parameters
    ----------
    data
        Content of the file: PNG, JPEG, WebP, BMP, GIF, TIFF or TGA.
    name
        What to call it in messages.

    Returns
    -------
    ndarray [shape=(H, W, 4)]
        RGBA, straight alpha, as it is shown, row 0 at the top.

    Raises
    ------
    ValueError
        If it is none of these, damaged, or too large.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if max(width, height) > LARGEST_SIDE or width * height > _MOST_PX:
                raise ValueError(
                    f"{name}: {width} x {height} pixels; a picture has at most {LARGEST_SIDE} a "
                    f"side and {_MOST_PX // 10**6} million"
                )
            return np.array(as_srgb(ImageOps.exif_transpose(image))[0])
    except (OSError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise ValueError(f"{name}: no picture that can be read ({error})") from None


def cube(faces: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Six pictures as the faces of a cube, each as large as the largest [shape=(6, N, N, 4)]."""
    from PIL import Image

    side = max(max(face.shape[:2]) for face in faces)
    return np.stack([np.array(Image.fromarray(face).resize((side, side))) for face in faces])
