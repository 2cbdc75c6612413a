"""Bridge from torch to GL: frames of generators become textures.

Each slot has three textures in rotation: *older* and *newer*, between which the compositor
crossfades, and *pending*, a frame that is here before its time. Frames are asked for ahead of time
(`Host.look_ahead_s`), so normally the display time lies between the stamps of older and newer, and
when it reaches newer's the pending one takes over. The blend moves along a line through (stamp,
frame) and never jumps; a frame that comes late is faded in from what is on the screen.

Torch is imported for the CUDA path only, and only where OpenGL itself runs on NVIDIA.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import moderngl

from engine.generators.host.messages import Frame
from engine.play.pixels.crossfade import Fade, TimedFrame, advance_fade, begin_fade, weigh

_PBOS = 3


class SourcePixels(NamedTuple):
    """What a layer's source looks like now: ``(1 - weight) · older + weight · newer``.

    Textures are RGBA16F, display-referred sRGB, straight alpha, memory row 0 is the top row.
    """

    older: moderngl.Texture
    newer: moderngl.Texture
    weight: float


@dataclass(slots=True)
class _Slot:
    fade: Fade
    free: list[moderngl.Texture] = field(default_factory=list)


class Bridge:
    """Textures of all generator slots. Belongs to the thread and context of `ctx`.

    Parameters
    ----------
    ctx
        The root GL context.
    crossfades
        False for an export: the frame that was taken last is shown alone, at once.
    """

    def __init__(self, ctx: moderngl.Context, *, crossfades: bool = True) -> None:
        self._ctx = ctx
        self._crossfades = crossfades
        self._slots: dict[str, _Slot] = {}
        self._cuda: _CudaUpload | None = None

    def take(
        self, slot_id: str, frame: Frame, *, is_fresh: bool = False, fade_s: float = 0.0
    ) -> None:
        """Upload a frame; it is seen when its time comes, the first of a slot at once.

        Parameters
        ----------
        is_fresh
            Show it at once and forget the frames before it: they are from another time.
        fade_s
            Fade to it for at least so long: it is from another model.

        Raises
        ------
        SharingError
            If CUDA and OpenGL cannot share it: reopen the host without ``shares_cuda`` then.
        """
        slot = self._slots.get(slot_id)
        size_px = frame.pixels.shape[1], frame.pixels.shape[0]
        if slot is not None and slot.fade.pending is not None:
            fade_s = max(fade_s, slot.fade.pending.fade_s)  # of the one that it replaces
        timed = TimedFrame(self._texture(slot, size_px), frame.seconds, fade_s)
        if frame.share is not None and frame.device_slot is not None:
            try:
                self._cuda = self._cuda or _CudaUpload(self._ctx)
                self._cuda.write(slot_id, timed.texture, frame.device_slot, frame.share)
            except Exception as error:
                raise SharingError(f"{type(error).__name__}: {error}") from error
        else:
            timed.texture.write(frame.pixels)
        if slot is None:
            self._slots[slot_id] = _Slot(begin_fade(timed))
        elif self._crossfades and not is_fresh:
            slot.fade = replace(slot.fade, pending=timed)
        else:
            slot.free += {slot.fade.older.texture, slot.fade.newer.texture}
            slot.fade = begin_fade(timed)

    def pixels(self, slot_id: str, seconds: float) -> SourcePixels | None:
        """Return what a slot shows at a display time; None before its first frame."""
        slot = self._slots.get(slot_id)
        if slot is None:
            return None
        before, slot.fade = slot.fade, advance_fade(slot.fade, seconds)
        fade = slot.fade
        if before.older.texture not in (fade.older.texture, fade.newer.texture):
            slot.free.append(before.older.texture)
        return SourcePixels(fade.older.texture, fade.newer.texture, weigh(fade, seconds))

    def holds(self, slot_id: str) -> bool:
        """Whether a slot has a picture."""
        return slot_id in self._slots

    def age_s(self, slot_id: str, seconds: float) -> float | None:
        """How far the picture of a slot lags behind a display time; None before the first frame.

        0 when frames come in time, whatever the generator's rate: the crossfade then shows the
        mixture that belongs to `seconds`.
        """
        slot = self._slots.get(slot_id)
        if slot is None:
            return None
        older_s, newer_s = slot.fade.older.seconds, slot.fade.newer.seconds
        return seconds - (older_s + weigh(slot.fade, seconds) * (newer_s - older_s))

    def drop(self, slot_id: str) -> None:
        """Free the textures of a slot that is gone. Harmless when it is not there."""
        slot = self._slots.pop(slot_id, None)
        if slot is None:
            return
        shots = [slot.fade.older, slot.fade.newer, slot.fade.pending]
        for texture in {timed.texture for timed in shots if timed} | set(slot.free):
            texture.release()
        if self._cuda is not None:
            self._cuda.drop(slot_id)

    def close(self) -> None:
        """Free everything, while the context is still there. Harmless when repeated."""
        for slot_id in list(self._slots):
            self.drop(slot_id)

    def _texture(self, slot: _Slot | None, size_px: tuple[int, int]) -> moderngl.Texture:
        """Reuse the texture that is out of use, if its size is right."""
        if slot is not None:
            if slot.fade.pending is not None:  # replaced before it was ever seen
                slot.free.append(slot.fade.pending.texture)
                slot.fade = replace(slot.fade, pending=None)
            while slot.free:
                texture = slot.free.pop()
                if texture.size == size_px:
                    return texture
                texture.release()
        texture = self._ctx.texture(size_px, 4, dtype="f2")
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture


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

    The CUDA path is UNTESTED (no GPU here); whatever goes wrong in it means the next best path.
    """
    vendor, renderer = ctx.info["GL_VENDOR"], ctx.info["GL_RENDERER"]
    if "nvidia" not in vendor.lower():
        return Probe("numpy", f"OpenGL runs on {renderer}, which shares nothing with CUDA")
    device = "cuda"
    try:
        upload = _CudaUpload(ctx)
        device = upload.device
        upload.try_out()
    except Exception as error:  # noqa: BLE001 -- drivers fail in many ways; all mean: other path
        why = f"no CUDA sharing with {renderer}: {type(error).__name__}: {error}"
        return Probe("pinned", why, device)
    if not sys.platform.startswith("linux"):
        why = f"CUDA shares memory between processes on Linux only, not on {sys.platform}"
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


class _CudaUpload:
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
        buffer, resource = self._buffer(slot_id, texture.width * texture.height * 8)
        with resource.map(stream=self._core_stream) as mapped:
            target = self._torch.from_dlpack(mapped).view(self._torch.float16)
            known[1].copy_to(device_slot, target, self._stream)
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
