"""Matrix products on the CPU, by the faster of the two libraries that torch carries."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

MIN_INPUTS = 128  # below, copying the result costs more than is won
PIECE = 1 << 21  # floats of a result that malloc hands out again without asking the system


@lru_cache(maxsize=1)
def _linear() -> Any:
    """Return oneDNN's inner product, if this torch has it where its own compiler looks for it.

    `torch.mm` goes to MKL, which leaves AVX-512 unused on processors of other makers: measured on
    Zen 4, oneDNN is 1.2 to 1.4 times as fast.
    """
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch's
        return None
    try:
        return torch.ops.mkldnn._linear_pointwise.default
    except AttributeError:  # a name of torch's own use: it may go
        return None


def multiply(rows: torch.Tensor, matrix: torch.Tensor, out: torch.Tensor) -> None:
    """Write ``rows @ matrix.T`` to `out`.

    Parameters
    ----------
    rows
        [shape=(M, I)], contiguous.
    matrix
        [shape=(O, I)], contiguous.
    out
        [shape=(M, O)]
    """
    import torch

    linear = _linear() if matrix.shape[1] >= MIN_INPUTS else None
    if linear is None:
        torch.mm(rows, matrix.T, out=out)
        return
    step = max(1, PIECE // len(matrix))
    for start in range(0, len(rows), step):
        piece = rows[start : start + step]
        out[start : start + step] = linear(piece, matrix, None, "none", [], "")
