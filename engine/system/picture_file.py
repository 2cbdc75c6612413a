"""Pictures from anywhere: Pillow decodes them in a limited child."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.system.limited_child import Bounds, fetch, give

MOST_PIXELS = 512_000_000
MEMORY_BYTES = 6 << 30


def read(data: bytes, most_pixels: int = MOST_PIXELS, near_px: int = 0) -> NDArray[np.uint8]:
    """Read a picture's file [shape=(H, W, 3)] in a child, see `load`.

    Raises
    ------
    ValueError
        If it is none, or takes too much to read; without a name of the file.
    """
    job = {"most_pixels": most_pixels, "near_px": near_px}
    bounds = Bounds(MEMORY_BYTES, 20 + len(data) // 1_000_000)
    (width, height), pixels = fetch(f"{__name__}:answer", job, bounds, data)
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def answer(data: bytes, job: Mapping[str, Any]) -> tuple[int, int]:
    """Decode a picture in a `engine.system.limited_child`, which gives its pixels out."""
    picture = load(io.BytesIO(data), job["most_pixels"], job["near_px"])
    give(picture.tobytes())
    return picture.size


def load(file: BinaryIO, most_pixels: int = MOST_PIXELS, near_px: int = 0) -> Image.Image:
    """Decode a picture as RGB, turned as its camera says; transparency is laid on black.

    Parameters
    ----------
    near_px
        A JPEG is only read to about this size; 0: whole.

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
