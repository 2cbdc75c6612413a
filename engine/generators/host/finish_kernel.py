"""Triton kernel that finishes a picture on a GPU: one pass, into where it will be read."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")  # said, so that Triton need not ask

import triton
import triton.language as tl

_PIXELS = 256


@triton.jit
def finish_kernel(
    pixels_ptr, out_ptr, count, width, plane, row, column,
    CHANNELS: tl.constexpr, IS_SIGNED: tl.constexpr, PIXELS: tl.constexpr,
):  # fmt: skip
    """RGBA of float16 in 0..1, from -1..1 if signed; NaN is 0, what has no alpha is opaque."""
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    is_pixel = pixel < count
    place = (pixel // width) * row + (pixel % width) * column
    for channel in tl.static_range(4):
        light = tl.full((PIXELS,), 1.0, tl.float32)
        if channel < CHANNELS:
            light = tl.load(pixels_ptr + channel * plane + place, mask=is_pixel, other=0.0)
            light = light.to(tl.float32)
            if IS_SIGNED:
                light = light * 0.5 + 0.5
            light = tl.where(light == light, light, 0.0)
            light = tl.minimum(tl.maximum(light, 0.0), 1.0)
        tl.store(out_ptr + pixel * 4 + channel, light.to(tl.float16), mask=is_pixel)


def finish_into(pixels: Any, out: Any, is_signed: bool = False) -> None:
    """Finish pixels [shape=(1, 3 or 4, H, W)] into a float16 tensor [shape=(H, W, 4)]."""
    _, channels, height, width = pixels.shape
    kernel: Any = finish_kernel
    kernel[(triton.cdiv(height * width, _PIXELS),)](
        pixels, out, height * width, width, *pixels.stride()[1:],
        CHANNELS=channels, IS_SIGNED=is_signed, PIXELS=_PIXELS, num_warps=4,
    )  # fmt: skip
