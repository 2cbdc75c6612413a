"""Just-in-time compilation of CPU loops: Numba's machine code, or nothing where it is missing.

Numba needs no compiler at the user's place. What loops work on is in `blocks`.
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


def kept_in(loop: Callable[..., Any]) -> str:
    """Folder in which the machine code of a loop is kept."""
    return str(cast("Any", loop).stats.cache_path)


def is_compiled() -> bool:
    """Whether Numba is here."""
    return HAS_NUMBA
