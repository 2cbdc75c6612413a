"""Films for tests, whose every frame carries its number as black and white bars."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

BITS = 8


def numbered(number: int, size_px: tuple[int, int] = (96, 54)) -> np.ndarray:
    """Picture of a number [shape=(H, W, 3)]: a bar for each bit, the lowest on the left."""
    width, height = size_px
    picture = np.zeros((height, width, 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:, bit * width // BITS : (bit + 1) * width // BITS] = 255
    return picture


def number_in(picture: np.ndarray) -> int:
    """Read the number of a picture [shape=(H, W, …)], of any size and range."""
    height, width = picture.shape[:2]
    row = picture[height // 2].astype(float)
    row = row[:, 1] if row.ndim > 1 else row
    half = 0.5 * {"u1": 255, "u2": 65535}.get(picture.dtype.str[1:], 1)
    places = [int((bit + 0.5) * width / BITS) for bit in range(BITS)]
    return sum(bool(row[place] > half) << bit for bit, place in enumerate(places))


def make_clip(path: Path, count: int = 50, **more: Any) -> Path:
    """Write a film of numbered frames.

    Parameters
    ----------
    more
        ``codec``, ``rate``, ``size_px``, ``pix_fmt``, ``options``; ``times``, in milliseconds, of
        a variable rate; ``turn``, in degrees; ``frame``, a function of the number.
    """
    size_px, times = more.get("size_px", (96, 54)), more.get("times")
    make = more.get("frame", lambda number: numbered(number, size_px))
    with av.open(path, "w") as container:
        stream = container.add_stream(more.get("codec", "libx264"), more.get("rate", 25))
        stream.width, stream.height = size_px
        stream.pix_fmt = more.get("pix_fmt", "yuv420p")
        stream.options = more.get("options", {})
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if "turn" in more:
            stream.set_display_rotation(more["turn"])
        for number in range(count):
            pixels = make(number)
            frame = av.VideoFrame.from_ndarray(pixels, "rgba" if pixels.shape[2] == 4 else "rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
