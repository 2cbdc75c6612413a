"""Pictures that generators get: from files, from tasks, and what their image ports see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request
from engine.generators.libraries import functional, torch
from engine.system.foreign import picture_file
from engine.system.limited_child import ChildError

Picture = NDArray[np.uint8]
"""[shape=(H, W, 3)], sRGB, row 0 at the top."""
_LARGEST_PX = 1 << 14
_MOST_PX = 100_000_000


def check_picture(picture: NDArray[Any]) -> Picture:
    """See to it that this is a picture [shape=(H, W, 3)]: uint8, or numbers of 0 to 1.

    Raises
    ------
    ValueError
        If it is of another shape, too large, or holds what is no number.
    """
    is_flat = picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape) < 1
    if is_flat or max(picture.shape) > _LARGEST_PX:
        raise ValueError(
            f"a picture of shape {picture.shape} cannot be used: it is (H, W, 3) with sides of "
            f"1 to {_LARGEST_PX} px"
        )
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype.kind != "f" or not np.isfinite(picture).all():
        raise ValueError("a picture that holds what is no number (NaN, infinite) cannot be used")
    whole: Picture = (picture.clip(0, 1) * 255).round().astype(np.uint8)
    return whole


def read_picture(data: bytes) -> Picture:
    """Read a picture's file, as `read_pictures`."""
    return next(read_pictures([data]))


def read_pictures(files: Sequence[bytes]) -> Iterator[Picture]:
    """Read files of pictures [shape=(H, W, 3)] in a child: what is transparent is black.

    Raises
    ------
    ValueError
        At the first that is none, or larger than any screen.
    """
    try:
        # A JPEG need not be read whole.
        for picture in picture_file.read(files, _MOST_PX, near_px=1024):
            yield check_picture(picture)
    except ChildError as error:
        raise ValueError(f"this is no picture that can be read ({str(error)[:80]})") from None


def seen(kind: str, request: Request, port: str, blank: Picture) -> Picture:
    """What an image port of a generator sees; `blank` as long as it sees nothing.

    Raises
    ------
    ValueError
        If it is no picture.
    """
    found = request.pictures.get(port, blank)
    if found.ndim != 3 or found.shape[2] != 3 or 0 in found.shape or found.dtype != np.uint8:
        raise ValueError(
            f"{kind}: port '{port}' sees {found.dtype} of shape {found.shape}; it must be uint8 of "
            "(H, W, 3)"
        )
    return found


def fitted(picture: Picture, size_px: tuple[int, int], device: torch.device | str) -> torch.Tensor:
    """Bring the middle of a picture to a size, width and height [shape=(1, 3, H, W)], 0 to 1."""
    width, height = size_px
    rows, columns = picture.shape[:2]
    factor = min(columns / width, rows / height)
    high, wide = max(round(height * factor), 1), max(round(width * factor), 1)
    top, left = (rows - high) // 2, (columns - wide) // 2
    cut = picture[top : top + high, left : left + wide].copy()
    x = torch.from_numpy(cut).to(device).permute(2, 0, 1)[None].float() / 255
    size = (height, width)
    if x.shape[2:] == size:
        return x
    return functional.interpolate(x, size, mode="bilinear", antialias=factor > 1).clamp(0, 1)
