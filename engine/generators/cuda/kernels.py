"""Triton kernels: filtered leaky ReLU, and how StyleGAN2's layers end.

P. Tillet et al., "Triton: an intermediate language and compiler for tiled neural network
computations" (2019). Triton comes with torch on Linux; this module is imported only where it is
used. Written from the formulas of StyleGAN2 and StyleGAN3 alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")  # said, so that Triton need not ask

import triton
import triton.language as tl

WARPS, STAGES = 4, 2
"""Of every kernel; more stages want more shared memory than there is."""


@triton.jit
def filtered_lrelu_kernel(
    x_ptr, out_ptr, rows_ptr, columns_ptr, here_ptr, next_ptr, across_ptr,
    bias_ptr, demodulation_ptr, after_ptr,
    x_height, x_width, out_height, out_width, first_row, first_column, blocks,
    x_channel, x_row, x_column, out_channel, out_row, out_column,
    slope, clamp,
    UP: tl.constexpr, HIGH: tl.constexpr, WIDE: tl.constexpr, IN_HIGH: tl.constexpr,
    IN_WIDE: tl.constexpr, OUT_WIDE: tl.constexpr, VALID: tl.constexpr, RANK: tl.constexpr,
    EXACT: tl.constexpr,
):  # fmt: skip
    """Demodulate, add a bias, enlarge, activate, reduce, scale: one strip of one channel.

    Filters are banded matrices: the enlarged piece is act(R X C) of a piece X of the input, and the
    output is the sum of D piece A over pieces. A program has a strip of columns and goes down it,
    HIGH rows of the enlarged picture at a time; nothing of that is ever stored. An output row needs
    rows of two pieces at most: what the first gives is kept until the second is there.
    """
    HALF: tl.constexpr = HIGH // 2
    PRECISION: tl.constexpr = "ieee" if EXACT else "tf32"
    channel = tl.program_id(2)
    strip = tl.program_id(0)
    begin = tl.program_id(1) * blocks
    kind = x_ptr.dtype.element_ty
    in_rows, in_columns = tl.arange(0, IN_HIGH), tl.arange(0, IN_WIDE)
    high, wide = tl.arange(0, HIGH), tl.arange(0, WIDE)
    half, out_columns = tl.arange(0, HALF), tl.arange(0, OUT_WIDE)
    enlarge_rows = tl.load(rows_ptr + high[:, None] * IN_HIGH + in_rows[None, :])
    enlarge_columns = tl.load(columns_ptr + in_columns[:, None] * WIDE + wide[None, :])
    bias = tl.load(bias_ptr + channel).to(tl.float32)
    demodulation = tl.load(demodulation_ptr + channel).to(tl.float32)
    after = tl.load(after_ptr + channel).to(tl.float32)
    columns = strip * (2 * VALID // UP) + first_column + in_columns
    is_column = (columns >= 0) & (columns < x_width)
    to_columns = strip * VALID + out_columns
    is_kept = (out_columns < VALID) & (to_columns < out_width)
    x_ptr += channel * x_channel
    out_ptr += channel * out_channel
    waiting = tl.zeros((HALF, OUT_WIDE), tl.float32)
    for block in range(blocks + 1):
        rows = (begin + block) * (HIGH // UP) + first_row + in_rows
        is_inside = ((rows >= 0) & (rows < x_height))[:, None] & is_column[None, :]
        place = rows[:, None] * x_row + columns[None, :] * x_column
        x = tl.load(x_ptr + place, mask=is_inside, other=0.0).to(tl.float32)
        x = tl.where(is_inside, x * demodulation + bias, 0.0).to(kind)
        piece = tl.dot(enlarge_rows, x, input_precision=PRECISION).to(kind)
        piece = tl.dot(piece, enlarge_columns, input_precision=PRECISION)
        piece = tl.where(piece < 0, piece * slope, piece)
        piece = tl.minimum(tl.maximum(piece, -clamp), clamp).to(kind)
        coming = tl.zeros((HALF, OUT_WIDE), tl.float32)
        for term in tl.static_range(RANK):
            place = term * WIDE * OUT_WIDE + wide[:, None] * OUT_WIDE + out_columns[None, :]
            narrow = tl.dot(piece, tl.load(across_ptr + place), input_precision=PRECISION).to(kind)
            place = term * HALF * HIGH + half[:, None] * HIGH + high[None, :]
            waiting = tl.dot(tl.load(next_ptr + place), narrow, waiting, input_precision=PRECISION)
            coming = tl.dot(tl.load(here_ptr + place), narrow, coming, input_precision=PRECISION)
        if block > 0:
            to_rows = (begin + block - 1) * HALF + half
            place = to_rows[:, None] * out_row + to_columns[None, :] * out_column
            is_there = (to_rows < out_height)[:, None] & is_kept[None, :]
            tl.store(out_ptr + place, (waiting * after).to(out_ptr.dtype.element_ty), mask=is_there)
        waiting = coming


@triton.jit
def epilogue_kernel(
    y_ptr, out_ptr, colours_ptr, taps_ptr, demodulation_ptr, bias_ptr, noise_ptr, strength_ptr,
    after_ptr, colour_weight_ptr, colour_bias_ptr,
    height, width, channels, y_height, y_width, border, gain, slope, clamp, colour_clamp,
    TAPS: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr, IS_NOISY: tl.constexpr,
    HAS_COLOURS: tl.constexpr, KEEPS: tl.constexpr,
):  # fmt: skip
    """Filter, demodulate, add noise and bias, activate, clamp, scale for the next convolution.

    Of a picture in channels-last order, for some pixels and channels; `border` zeros lie around it
    for the filter. With colours a program has all channels.
    """
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    is_pixel, is_channel = pixel < height * width, channel < channels
    row, column = pixel // width, pixel % width
    both = is_pixel[:, None] & is_channel[None, :]
    y = tl.zeros((PIXELS, CHANNELS), tl.float32)
    for down in range(TAPS):  # not unrolled: all loads at once would not fit the registers
        for right in tl.static_range(TAPS):
            tap = tl.load(taps_ptr + down * TAPS + right)
            from_row, from_column = row + down - border, column + right - border
            is_inside = (from_row >= 0) & (from_row < y_height)
            is_inside = is_inside & (from_column >= 0) & (from_column < y_width)
            place = (from_row * y_width + from_column)[:, None] * channels + channel[None, :]
            is_inside = is_inside[:, None] & both
            y += tap * tl.load(y_ptr + place, mask=is_inside, other=0.0).to(tl.float32)
    y *= tl.load(demodulation_ptr + channel, mask=is_channel, other=0.0)[None, :]
    if IS_NOISY:
        strength = tl.load(strength_ptr)
        y += (tl.load(noise_ptr + pixel, mask=is_pixel, other=0.0) * strength)[:, None]
    y += tl.load(bias_ptr + channel, mask=is_channel, other=0.0)[None, :]
    y = tl.where(y < 0, y * slope, y) * gain
    y = tl.minimum(tl.maximum(y, -clamp), clamp)
    if HAS_COLOURS:
        for colour in tl.static_range(3):
            place = colour * channels + channel
            weight = tl.load(colour_weight_ptr + place, mask=is_channel, other=0.0)
            light = tl.sum(y * weight[None, :], 1) + tl.load(colour_bias_ptr + colour)
            light = tl.minimum(tl.maximum(light, -colour_clamp), colour_clamp)
            tl.store(colours_ptr + colour * height * width + pixel, light, mask=is_pixel)
    if KEEPS:
        y *= tl.load(after_ptr + channel, mask=is_channel, other=0.0)[None, :]
        place = pixel[:, None] * channels + channel[None, :]
        tl.store(out_ptr + place, y.to(out_ptr.dtype.element_ty), mask=both)


@triton.jit
def grow_kernel(picture_ptr, colours_ptr, out_ptr, height, width, PIXELS: tl.constexpr):
    """Enlarge a picture twice with [1, 3, 3, 1] and add colours: pixels of one channel.

    Every pixel is 9, 3, 3 and 1 sixteenths of the four around it; beyond the edge all is black.
    """
    channel = tl.program_id(1)
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    is_pixel = pixel < 4 * height * width
    row, column = pixel // (2 * width), pixel % (2 * width)
    light = tl.load(colours_ptr + channel * 4 * height * width + pixel, mask=is_pixel, other=0.0)
    near_row, near_column = row // 2, column // 2
    far_row, far_column = near_row + 2 * (row % 2) - 1, near_column + 2 * (column % 2) - 1
    picture_ptr += channel * height * width
    for down in tl.static_range(2):
        for right in tl.static_range(2):
            from_row = far_row if down else near_row
            from_column = far_column if right else near_column
            is_inside = is_pixel & (from_row >= 0) & (from_row < height)
            is_inside = is_inside & (from_column >= 0) & (from_column < width)
            share = (1 if down else 3) * (1 if right else 3) / 16
            found = tl.load(picture_ptr + from_row * width + from_column, mask=is_inside, other=0.0)
            light += share * found
    tl.store(out_ptr + channel * 4 * height * width + pixel, light, mask=is_pixel)
