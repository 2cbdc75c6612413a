"""Pictures from anywhere: Pillow decodes them in a limited child."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.system.limited_child import Bounds, RefusedError, fetch, give

MOST_PIXELS = 512_000_000
MEMORY_BYTES = 6 << 30


def read(
    files: Sequence[bytes], most_pixels: int = MOST_PIXELS, near_px: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """Read files of pictures [shape=(H, W, 3)] in one child, see `load`.

    Raises
    ------
    ValueError
        At the first that is none, or if they take too much to read; without a name of the file.
    """
    job = {"most_pixels": most_pixels, "near_px": near_px, "lengths": [*map(len, files)]}
    data = b"".join(files)
    bounds = Bounds(MEMORY_BYTES, 20 * len(files) + len(data) // 1_000_000)
    rows, pixels = fetch(f"{__name__}:answer", job, bounds, data)
    at = 0
    for row in rows:
        if isinstance(row, str):
            raise RefusedError(row)
        width, height = row
        end = at + width * height * 3
        yield np.frombuffer(pixels[at:end], np.uint8).reshape(height, width, 3)
        at = end


def answer(data: bytes, job: Mapping[str, Any]) -> list[tuple[int, int] | str]:
    """Decode pictures in a `engine.system.limited_child`, which gives their pixels out."""
    rows: list[tuple[int, int] | str] = []
    file = io.BytesIO(data)
    for length in job["lengths"]:
        try:
            picture = load(io.BytesIO(file.read(length)), job["most_pixels"], job["near_px"])
        except OSError as error:
            rows.append(str(error))
            break
        give(picture.tobytes())
        rows.append(picture.size)
    return rows


def load(file: BinaryIO, most_pixels: int = MOST_PIXELS, near_px: int = 0) -> Image.Image:
    """Decode a picture as RGB, turned, transparency on black; a JPEG to about `near_px`, 0: whole.

    Raises
    ------
    OSError
        If it cannot be decoded whole, or has more pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file) as opened:
                if opened.width * opened.height > most_pixels:
                    raise OSError(f"has {opened.width}×{opened.height} pixels, too many")
                if near_px:
                    opened.draft("RGB", (near_px, near_px))
                opened.load()
                return _as_rgb(ImageOps.exif_transpose(opened))
        except UnidentifiedImageError:
            raise OSError("it is no picture of a kind that is read") from None
        except (ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise OSError(str(error) or type(error).__name__) from None


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        black = Image.new("RGBA", seen.size, "black")
        return Image.alpha_composite(black, seen).convert("RGB")
    if picture.mode.startswith("I"):  # 16 bits of grey
        grey = np.asarray(picture, np.float32) / 257
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
    return picture.convert("RGB")
