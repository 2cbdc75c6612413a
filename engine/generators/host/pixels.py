"""Pixel conversion: from what a generator returns to the pixels of a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.contract import Signed
from engine.generators.libraries import torch


def finish(pixels: Any, out: Any = None) -> Any:
    """Turn (1, 3 or 4, H, W) into finite RGBA (H, W, 4) float16 in 0..1, where it lies.

    What is uint8 or uint16 of (H, W, 4) is finished: films and pictures. Takes a torch tensor, as
    it is or `Signed`, or, from generators without torch, a numpy array; returns the same kind.
    NaN becomes 0; three channels get alpha 1.

    Parameters
    ----------
    out
        Gives, for (H, W), the tensor that it is written to; None: a new one.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    is_signed = isinstance(pixels, Signed)
    if is_signed:
        pixels = pixels.pixels
    shape = tuple(pixels.shape)
    if isinstance(pixels, np.ndarray) and pixels.dtype.kind == "u" and shape[2:] == (4,):
        return pixels
    if len(shape) != 4 or shape[0] != 1 or shape[1] not in (3, 4):
        raise ValueError(f"a generator gives pixels of (1, 3 or 4, H, W), not {shape}")
    if isinstance(pixels, np.ndarray):
        rgba = np.ones((*shape[2:], 4), np.float16)
        rgba[..., : shape[1]] = np.clip(np.nan_to_num(pixels[0]), 0, 1).transpose(1, 2, 0)
        return rgba
    with torch.inference_mode():
        size = (*shape[2:], 4)
        if out is not None:
            picture = out(shape[2:])
        else:
            picture = torch.empty(size, dtype=torch.float16, device=pixels.device)
        if pixels.device.type == "cuda" and _finish_fused(pixels, picture, is_signed):
            return picture
        pixels = pixels * 0.5 + 0.5 if is_signed else pixels
        clean = pixels[0].nan_to_num(0.0, 1.0, 0.0).clamp(0, 1)
        picture[..., : shape[1]] = clean.permute(1, 2, 0)
        picture[..., shape[1] :] = 1.0
        return picture


_STEPPED_ASIDE: list[str] = []


def _finish_fused(pixels: Any, picture: Any, is_signed: bool) -> bool:
    """Finish in one kernel; False where that does not work here, once and for all."""
    if _STEPPED_ASIDE:
        return False
    try:
        from engine.generators.host.finish_kernel import finish_into

        finish_into(pixels, picture, is_signed)
    except Exception as error:  # noqa: BLE001 -- no Triton, a driver that is too old: torch does it
        _STEPPED_ASIDE.append(f"{type(error).__name__}: {error}")
        return False
    return True


def fetch(picture: Any) -> NDArray[Any]:
    """Bring a finished picture into main memory as numpy; waits for the device.

    From CUDA through pinned memory, which torch keeps and reuses (UNTESTED: no GPU here).
    """
    if isinstance(picture, np.ndarray):
        return picture
    if picture.device.type == "cuda":
        pinned = torch.empty(picture.shape, dtype=picture.dtype, pin_memory=True)
        pinned.copy_(picture, non_blocking=True)
        done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # lets the core sleep
        done.record(torch.cuda.current_stream(picture.device))
        done.synchronize()
        picture = pinned
    array: NDArray[Any] = picture.cpu().numpy()
    return array
