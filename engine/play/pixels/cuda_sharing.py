"""Pictures that stay on an NVIDIA GPU: from a worker's CUDA ring into OpenGL textures.

UNTESTED on a GPU; the tests run it over a driver whose device memory is main memory. Whatever goes
wrong in it means the next best path.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import moderngl

_PBOS = 3


class SharingError(RuntimeError):
    """CUDA and OpenGL do not share a picture; the text is what CUDA says."""


class Probe(NamedTuple):
    """How frames of a CUDA generator reach GL.

    Parameters
    ----------
    path
        ``cuda-pbo`` (stays on the device: open workers with ``shares_cuda=True``), ``pinned`` (the
        worker fetches it through pinned memory) or ``numpy``.
    why
        One line.
    device
        Of torch, on which OpenGL draws, if that is known: its workers belong there.
    """

    path: str
    why: str
    device: str = "cuda"


def probe(ctx: moderngl.Context) -> Probe:
    """Find out how frames of a CUDA generator reach GL, and why.

    Torch is imported only where OpenGL itself runs on NVIDIA.
    """
    vendor, renderer = ctx.info["GL_VENDOR"], ctx.info["GL_RENDERER"]
    if "nvidia" not in vendor.lower():
        return Probe("numpy", f"OpenGL runs on {renderer}, which shares nothing with CUDA")
    device = "cuda"
    try:
        upload = CudaUpload(ctx)
        device = upload.device
        upload.try_out()
    except Exception as error:  # noqa: BLE001 -- drivers fail in many ways; all mean: other path
        why = f"no CUDA sharing with {renderer}: {type(error).__name__}: {error}"
        return Probe("pinned", why, device)
    system: str = sys.platform
    if not system.startswith("linux"):
        why = f"CUDA shares memory between processes on Linux only, not on {system}"
        return Probe("pinned", why, device)
    why = f"{upload.name} shares pixel buffers with OpenGL on {renderer}"
    return Probe("cuda-pbo", why, device)


def gl_device(driver: Any) -> int:
    """Index of the CUDA device on which the current OpenGL context draws.

    Parameters
    ----------
    driver
        ``cuda.bindings.driver``.

    Raises
    ------
    RuntimeError
        If it draws on none.
    """
    (code,) = driver.cuInit(0)
    if int(code) == 0:
        every = driver.CUGLDeviceList.CU_GL_DEVICE_LIST_ALL
        code, count, devices = driver.cuGLGetDevices(1, every)
        if int(code) == 0 and count:
            return int(devices[0])
    raise RuntimeError(f"the OpenGL context draws on no CUDA device ({code!r})")


class CudaUpload:
    """From a CUDA ring into textures through registered pixel buffers. UNTESTED: no GPU here.

    Written for cuda-core 1.2: registering is slow, so buffers are kept per slot and size; mapping
    orders GL before CUDA, closing the map orders CUDA before GL. Registering is a call of the
    driver's: it needs a current CUDA context, on the device that draws, and torch makes one only
    when it allocates.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._torch: Any = importlib.import_module("torch")
        core: Any = importlib.import_module("cuda.core")
        index = gl_device(importlib.import_module("cuda.bindings.driver"))
        self.device = f"cuda:{index}"
        self.name = str(self._torch.cuda.get_device_name(index))
        self._torch.cuda.set_device(index)
        self._torch.zeros(1, device=self.device)
        self._stream = self._torch.cuda.current_stream(index)
        self._core_stream = core.Stream.from_handle(self._stream.cuda_stream)
        self._register = core.GraphicsResource.from_gl_buffer
        self._views: dict[str, tuple[Mapping[str, Any], Any]] = {}
        self._buffers: dict[str, list[tuple[moderngl.Buffer, Any]]] = {}

    def write(
        self, slot_id: str, texture: moderngl.Texture, device_slot: int, share: Mapping[str, Any]
    ) -> None:
        """Copy one slot of a worker's ring into a texture, without the main memory."""
        known = self._views.get(slot_id)
        if known is None or known[0] is not share:  # the first frame of this worker
            from engine.generators.host.cuda_ring import CudaView

            known = share, CudaView(dict(share))
            self._views[slot_id] = known
        view = known[1]
        self._write(slot_id, texture, lambda to: view.copy_to(device_slot, to, self._stream))

    def write_tensor(self, slot_id: str, texture: moderngl.Texture, pixels: Any) -> None:
        """Copy a flat float16 tensor of the device into a texture."""
        self._write(slot_id, texture, lambda target: target.copy_(pixels))

    def _write(self, slot_id: str, texture: moderngl.Texture, copy: Callable[[Any], Any]) -> None:
        buffer, resource = self._buffer(slot_id, texture.width * texture.height * 8)
        with resource.map(stream=self._core_stream) as mapped:
            copy(self._torch.from_dlpack(mapped).view(self._torch.float16))
        texture.write(buffer)

    def try_out(self) -> None:
        """Register, map and unmap a small buffer; raises what the driver says."""
        _, resource = self._buffer("", 64)
        with resource.map(stream=self._core_stream) as mapped:
            self._torch.from_dlpack(mapped).view(self._torch.float16).zero_()
        self.drop("")

    def drop(self, slot_id: str) -> None:
        """Free the buffers of a slot."""
        self._views.pop(slot_id, None)
        self._free(self._buffers.pop(slot_id, []))

    @staticmethod
    def _free(ring: list[tuple[moderngl.Buffer, Any]]) -> None:
        while ring:
            buffer, resource = ring.pop()
            with suppress(Exception):  # of a context that is lost: then it is gone with it
                resource.close()
            buffer.release()

    def _buffer(self, slot_id: str, size: int) -> tuple[moderngl.Buffer, Any]:
        ring = self._buffers.setdefault(slot_id, [])
        if ring and ring[0][0].size != size:
            self._free(ring)
        if len(ring) < _PBOS:
            buffer = self._ctx.buffer(reserve=size)
            ring.append((buffer, self._register(buffer.glo, flags="write_discard")))
        else:
            ring.append(ring.pop(0))
        return ring[-1]
