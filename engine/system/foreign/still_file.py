"""Pictures that are shown: Pillow decodes them with their transparency in a limited child."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.system.limited_child import Bounds, fetch, give

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
MOST_PIXELS = 200_000_000
LARGEST_BYTES = 1 << 30
_MEMORY_BYTES = 6 << 30
_CPU_S = 60
_KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as it is seen, from its head alone.

    Raises
    ------
    ValueError
        If it is no picture, or has too many pixels; without the name of the file.
    """
    width, height = fetch(f"{__name__}:measure", {}, Bounds(_MEMORY_BYTES, _CPU_S), data)[0]
    return width, height


def read(data: bytes, size_px: tuple[int, int]) -> tuple[NDArray[np.uint8], str]:
    """Decode a picture [shape=(H, W, 4)], straight alpha, sRGB; and what there is to say of it.

    Parameters
    ----------
    size_px
        Width and height at most: a larger one is averaged down to fit.

    Raises
    ------
    ValueError
        As `size_of`, or if it is damaged.
    """
    job = {"size_px": size_px}
    told, pixels = fetch(f"{__name__}:decode", job, Bounds(_MEMORY_BYTES, _CPU_S), data)
    (width, height), note = told
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4), note


def measure(data: bytes, job: Mapping[str, Any]) -> tuple[int, int]:
    """Read the head of a picture; the task of a limited child."""
    del job
    with _opened(data) as picture:
        turned = picture.getexif().get(_ORIENTATION) in _TURNED
        return (picture.height, picture.width) if turned else picture.size


def decode(data: bytes, job: Mapping[str, Any]) -> tuple[tuple[int, int], str]:
    """Decode a picture and give its pixels out; the task of a limited child."""
    from PIL import ImageOps

    width, height = job["size_px"]
    try:
        with _opened(data) as picture:
            picture.draft("RGB", (2 * width, 2 * height))  # of a JPEG no more than is needed
            picture.load()
            turned = ImageOps.exif_transpose(picture)
            seen, note = as_srgb(turned)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it cannot be decoded: {error}") from None
    if seen.width > width or seen.height > height:
        scale = min(width / seen.width, height / seen.height)
        size = max(round(seen.width * scale), 1), max(round(seen.height * scale), 1)
        seen = _averaged(seen, size)
    give(seen.tobytes())
    return seen.size, note


def _opened(data: bytes) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # ours is the bound
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=_KINDS)
    except UnidentifiedImageError:
        raise ValueError("it is no JPEG, PNG, TIFF, WebP or BMP picture") from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"it cannot be decoded: {error}") from None
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError(
            f"it has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS // 10**6} "
            "million are shown"
        )
    return picture


def as_srgb(picture: Image.Image) -> tuple[Image.Image, str]:
    """RGBA in sRGB; an embedded profile is followed, or it is said why not."""
    from PIL import Image

    note, profile = "", picture.info.get("icc_profile")
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits of grey, or more
        grey = np.asarray(picture, np.float32)
        grey = grey / 257.0 if picture.mode != "F" else grey * 255.0
        picture = Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
        profile = None
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    if profile:
        picture, note = _converted(picture, profile)
    seen = picture.convert("RGBA")
    if alpha is not None:
        seen.putalpha(alpha)
    return seen, note


def _converted(picture: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    from PIL import ImageCms

    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode not in ("RGB", "L", "CMYK"):
            picture = picture.convert("RGB")
        ours = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(picture, given, ours, outputMode="RGB")
        return made or picture, ""
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        return picture, f"its colour profile cannot be followed ({error}); taken as sRGB"


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
