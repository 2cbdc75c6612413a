"""A ring of finished pictures on an NVIDIA device, shared through CUDA IPC.

UNTESTED: written from torch's sources (`torch.multiprocessing.reductions`) on a machine without a
GPU. Linux only (CUDA IPC). The bridge's probe decides whether it is used, and any failure falls
back to pictures in shared memory.

The worker allocates the ring once, for the largest picture, and exports it at the start. It waits
for its own stream before a frame's record, which then only names the slot, is written: so the
reader needs no event, and a slow device is not sent ever more work. Four slots and
newest-frame-wins: the worker would have to finish three more pictures before one device copy, which
waits behind at most two queued frames, to touch the one that is read.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.generators.host.pixels import finish
from engine.generators.libraries import torch

SLOTS = 4


class CudaRing:
    """The worker's end: copies finished pictures into the ring. UNTESTED, see the module."""

    def __init__(self, max_px: int, device: str) -> None:
        # A waiting core sleeps: torch's plain waits keep it busy (cudaEventBlockingSync).
        self._done: Any = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch's
        self._ring = torch.zeros((SLOTS, max_px * 4), dtype=torch.float16, device=device)
        self._next = 0

    def handles(self) -> dict[str, Any]:
        """Say, in JSON's types, what `CudaView` needs in the other process."""
        storage: Any = self._ring.untyped_storage()
        shared = storage._share_cuda_()
        return {
            "device": shared[0],
            "storage": [_to_text(value) for value in shared[1:]],
            "shape": list(self._ring.shape),
            "offset": self._ring.storage_offset(),
        }

    def put(self, pixels: Any) -> tuple[int, tuple[int, int]]:
        """Finish pixels (1, 3 or 4, H, W) into the next slot, wait for it; slot, height, width."""
        slot = self._next
        self._next = (slot + 1) % SLOTS

        def place(size: tuple[int, int]) -> Any:
            return self._ring[slot, : size[0] * size[1] * 4].view(*size, 4)

        picture = finish(pixels, place)
        self._done.record()
        self._done.synchronize()
        return slot, (int(picture.shape[0]), int(picture.shape[1]))


class CudaView:
    """The player's end: the same device memory, mapped. UNTESTED, see the module."""

    def __init__(self, handles: dict[str, Any]) -> None:
        from torch.multiprocessing.reductions import rebuild_cuda_tensor

        rows, columns = handles["shape"]
        device = int(handles["device"])
        self._stream: Any = torch.cuda.stream
        self._ring = rebuild_cuda_tensor(  # type: ignore[no-untyped-call] # torch's own is untyped
            torch.Tensor,
            torch.Size((rows, columns)),
            (columns, 1),
            handles["offset"],
            torch.storage.TypedStorage,
            torch.float16,
            device,
            *_split(handles["storage"]),
        )

    def copy_to(self, slot: int, target: Any, stream: Any) -> None:
        """Copy the head of a slot into a flat float16 device tensor, on `stream`."""
        with self._stream(stream):
            target.copy_(self._ring[slot, : target.numel()], non_blocking=True)


def forget(pid: int, folder: Path = Path("/dev/shm")) -> None:
    """Remove the counters that torch keeps of a process's shared memory; only it would do so.

    Workers are killed, never asked to end: 80 kB of each stayed until the machine started anew.
    """
    for path in folder.glob(f"torch_{pid}_*"):
        with suppress(OSError):
            path.unlink()


def _split(storage: list[Any]) -> list[Any]:
    """Put `requires_grad` where `rebuild_cuda_tensor` wants it: after the storage's three."""
    values = [_from_text(value) for value in storage]
    return [*values[:3], False, *values[3:]]


def _to_text(value: Any) -> Any:
    return "b64:" + base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _from_text(value: Any) -> Any:
    is_bytes = isinstance(value, str) and value.startswith("b64:")
    return base64.b64decode(value[4:]) if is_bytes else value
