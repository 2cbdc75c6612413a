"""Pictures that are shown: Pillow decodes them with their transparency in a limited child."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.system.limited_child import Bounds, fetch, give

if TYPE_CHECKING:
    from PIL import Image, ImageCms

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".avif")
MOST_PIXELS = 200_000_000
LARGEST_BYTES = 1 << 30
_MEMORY_BYTES = 6 << 30
_CPU_S = 60
_KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "AVIF")
_SAVED = "save it as PNG, JPEG, TIFF, WebP or BMP"
_MOVING = ("PNG", "WEBP", "AVIF")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)


class Head(NamedTuple):
    """Width and height of a picture as it is seen, and what of it is not, a sentence each."""

    width: int
    height: int
    notes: tuple[str, ...]


def look(data: bytes) -> Head:
    """Look at the head of a picture.

    Raises
    ------
    ValueError
        If it is no picture, or has too many pixels; without the name of the file.
    """
    found = fetch(f"{__name__}:measure", {}, Bounds(_MEMORY_BYTES, _CPU_S), data)[0]
    return Head(found[0], found[1], tuple(found[2]))


def read(data: bytes, size_px: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode a picture [shape=(H, W, 4)], straight alpha, sRGB; and what of it is not seen.

    Parameters
    ----------
    size_px
        Width and height at most: a larger one is averaged down to fit.

    Raises
    ------
    ValueError
        As `look`, or if it is damaged.
    """
    job = {"size_px": size_px}
    told, pixels = fetch(f"{__name__}:decode", job, Bounds(_MEMORY_BYTES, _CPU_S), data)
    width, height, notes = told
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4), tuple(notes)


def measure(data: bytes, job: Mapping[str, Any]) -> tuple[int, int, list[str]]:
    """Read the head of a picture; the task of a limited child."""
    del job
    with _opened(data) as picture:
        turned = picture.getexif().get(_ORIENTATION) in _TURNED
        width, height = picture.size[::-1] if turned else picture.size
        return width, height, remarks(picture)


def remarks(picture: Image.Image) -> list[str]:
    """Say what of a picture is not seen as it is meant, a sentence each."""
    found, count = [], int(getattr(picture, "n_frames", 1))
    if count > 1 and picture.format in _MOVING:
        found.append(f"of its {count} frames the first is seen; make it a film (.gif, .mp4)")
    elif count > 1 and picture.format == "TIFF":
        found.append(f"of its {count} pages the first is seen")
    raw = "".join(str(tile[3]) for tile in getattr(picture, "tile", [])[:1])
    if picture.mode == "F":
        found.append("its numbers of 32 bits are taken as sRGB from 0 to 1, in 256 steps")
    elif picture.mode.startswith("I") or (";16" in raw and "BGR" not in raw):  # a BMP's five, six
        found.append("of its 16 bits 8 are used")
    if isinstance(made := _to_srgb(picture), str):
        found.append(f"its colour profile cannot be followed ({made}); taken as sRGB")
    return found


def decode(data: bytes, job: Mapping[str, Any]) -> tuple[int, int, list[str]]:
    """Decode a picture and give its pixels out; the task of a limited child."""
    from PIL import ImageOps

    width, height = job["size_px"]
    try:
        with _opened(data) as picture:
            notes = remarks(picture)
            picture.draft("RGB", (2 * width, 2 * height))  # of a JPEG no more than is needed
            picture.load()
            turned = ImageOps.exif_transpose(picture)
            seen = as_srgb(turned)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it cannot be decoded: {error}") from None
    if seen.width > width or seen.height > height:
        scale = min(width / seen.width, height / seen.height)
        size = max(round(seen.width * scale), 1), max(round(seen.height * scale), 1)
        seen = _averaged(seen, size)
    give(seen.tobytes())
    return *seen.size, notes


def _opened(data: bytes) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # ours is the bound
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=_KINDS)
    except UnidentifiedImageError:
        what = "it is empty" if not data else f"it is no picture that can be read; {_SAVED}"
        raise ValueError(what) from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it cannot be decoded: {error}") from None
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError(
            f"it has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS // 10**6} "
            "million are shown: make it smaller"
        )
    return picture


def as_srgb(picture: Image.Image) -> Image.Image:
    """RGBA in sRGB; an embedded profile is followed if it can be."""
    from PIL import Image, ImageCms

    made, mode = _to_srgb(picture), _of_profile(picture.mode)
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits of grey, or more
        grey = np.asarray(picture, np.float32)
        grey = grey / 257.0 if picture.mode != "F" else grey * 255.0
        picture = Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    if isinstance(made, ImageCms.ImageCmsTransform):
        picture = ImageCms.applyTransform(picture.convert(mode), made) or picture
    seen = picture.convert("RGBA")
    if alpha is not None:
        seen.putalpha(alpha)
    return seen


def _to_srgb(picture: Image.Image) -> ImageCms.ImageCmsTransform | str | None:
    """Transform by the embedded profile, or why there is none; None where there is no profile."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if not profile or picture.mode == "LAB":
        return None
    mode = _of_profile(picture.mode)
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        return str(error)


def _of_profile(mode: str) -> str:
    """Mode in which a profile of a picture is followed."""
    is_grey = mode in ("L", "LA", "1", "F") or mode.startswith("I")
    return "L" if is_grey else "CMYK" if mode == "CMYK" else "RGB"


def _averaged(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale it down as light adds up, premultiplied: what is transparent lends no colour."""
    from PIL import Image

    def scaled(plane: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC))

    alpha: NDArray[Any] = np.asarray(picture.getchannel("A"), np.float32) / np.float32(255)
    small = np.clip(scaled(alpha), 0.0, 1.0)
    code = np.arange(256) / 255
    curve = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    light: NDArray[Any] = curve.astype(np.float32)
    planes = []
    for name in "RGB":
        plane = light[np.asarray(picture.getchannel(name))]
        mean = np.clip(scaled(plane * alpha) / np.maximum(small, 1e-6), 0.0, 1.0)
        planes.append(np.where(mean <= 0.0031308, mean * 12.92, 1.055 * mean ** (1 / 2.4) - 0.055))
    rgba = np.stack([*planes, small], -1)
    return Image.fromarray(np.rint(rgba * 255).astype(np.uint8))
