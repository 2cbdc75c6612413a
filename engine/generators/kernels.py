"""Compiled loops of the CPU path: Numba's machine code, or nothing where Numba is missing.

Everything here works on channels-last pictures (H, W, C) and on long flat rows of them, so that
loops vectorise whatever the number of channels. Numba needs no compiler at the user's place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

try:
    import numba
except ImportError:  # an optional accelerator: torch draws without it
    HAS_NUMBA = False
else:
    HAS_NUMBA = True

Array = NDArray[np.float32]
Scalar = np.float32
Function = TypeVar("Function", bound=Callable[..., Any])


def compile_loop(function: Function) -> Function:
    """Compile a function without the GIL; machine code is cached beside it or in the user's cache.

    Sums may be reordered and fused, but NaN and infinity keep their meaning.
    """
    if not HAS_NUMBA:
        return function
    loose = {"contract", "reassoc", "nsz"}
    compiled: Any = numba.njit(
        nogil=True, cache=True, fastmath=loose, boundscheck=False, error_model="numpy"
    )(function)
    return cast("Function", compiled)


def is_compiled() -> bool:
    """Whether Numba is here."""
    return HAS_NUMBA


@compile_loop
def mix4(out: Array, a: Array, b: Array, c: Array, d: Array, f: Array) -> None:
    """Sum four rows with weights."""
    f0, f1, f2, f3 = f[0], f[1], f[2], f[3]
    for i in range(out.size):
        out[i] = f0 * a[i] + f1 * b[i] + f2 * c[i] + f3 * d[i]


@compile_loop
def add4(out: Array, a: Array, b: Array, c: Array, d: Array, f: Array) -> None:
    """Add the weighted sum of four rows."""
    f0, f1, f2, f3 = f[0], f[1], f[2], f[3]
    for i in range(out.size):
        out[i] += f0 * a[i] + f1 * b[i] + f2 * c[i] + f3 * d[i]


@compile_loop
def mix6(out: Array, a: Array, b: Array, c: Array, d: Array, e: Array, g: Array, f: Array) -> None:
    """Sum six rows with weights."""
    f0, f1, f2, f3, f4, f5 = f[0], f[1], f[2], f[3], f[4], f[5]
    for i in range(out.size):
        out[i] = f0 * a[i] + f1 * b[i] + f2 * c[i] + f3 * d[i] + f4 * e[i] + f5 * g[i]


@compile_loop
def add6(out: Array, a: Array, b: Array, c: Array, d: Array, e: Array, g: Array, f: Array) -> None:
    """Add the weighted sum of six rows."""
    f0, f1, f2, f3, f4, f5 = f[0], f[1], f[2], f[3], f[4], f[5]
    for i in range(out.size):
        out[i] += f0 * a[i] + f1 * b[i] + f2 * c[i] + f3 * d[i] + f4 * e[i] + f5 * g[i]


@compile_loop
def activate6(
    out: Array,
    rows: tuple[Array, Array, Array, Array, Array, Array],
    f: Array,
    slope: Scalar,
    clamp: Scalar,
) -> None:
    """Sum six rows with weights, then leaky ReLU and clamp."""
    a, b, c, d, e, g = rows
    f0, f1, f2, f3, f4, f5 = f[0], f[1], f[2], f[3], f[4], f[5]
    for i in range(out.size):
        v = f0 * a[i] + f1 * b[i] + f2 * c[i] + f3 * d[i] + f4 * e[i] + f5 * g[i]
        v = max(v, v * slope)
        out[i] = min(max(v, -clamp), clamp)


@compile_loop
def scale(out: Array, a: Array, gain: Array, bias: Array) -> None:
    """Scale and shift each channel of one pixel."""
    for i in range(out.size):
        out[i] = gain[i] * a[i] + bias[i]


@compile_loop
def finish(
    out: Array, a: Array, gain: Array, bias: Array, noise: Scalar, slope: Scalar, clamp: Scalar
) -> None:
    """Scale and shift each channel of one pixel, add noise, then leaky ReLU and clamp."""
    for i in range(out.size):
        v = gain[i] * a[i] + bias[i] + noise
        v = max(v, v * slope)
        out[i] = min(max(v, -clamp), clamp)


@compile_loop
def copy(out: Array, a: Array) -> None:
    """Copy a row: a loop, since an assignment would look for overlaps first."""
    for i in range(out.size):
        out[i] = a[i]


@compile_loop
def add(out: Array, a: Array, b: Array) -> None:
    """Sum two rows."""
    for i in range(out.size):
        out[i] = a[i] + b[i]
