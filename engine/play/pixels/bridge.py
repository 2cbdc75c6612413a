"""Bridge from torch to GL: frames of generators become textures.

Each slot has three textures in rotation: *older* and *newer*, between which the compositor
crossfades, and *pending*, a frame that is here before its time. Frames are asked for ahead of time
(`Host.look_ahead_s`), so normally the display time lies between the stamps of older and newer, and
when it reaches newer's the pending one takes over. The blend moves along a line through (stamp,
frame) and never jumps; a frame that comes late is faded in from what is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import moderngl

from engine.generators.host.messages import Frame
from engine.play.pixels.crossfade import Fade, TimedFrame, advance_fade, begin_fade, weigh
from engine.play.pixels.cuda_sharing import CudaUpload, SharingError

_KINDS = {"u1": "f1", "u2": "nu2"}  # of pixels → of a texture that is read as 0..1


class SourcePixels(NamedTuple):
    """What a layer's source looks like now: ``(1 - weight) · older + weight · newer``.

    Textures are RGBA16F (of films and pictures RGBA8 or RGBA16), display-referred sRGB, straight
    alpha, memory row 0 is the top row.
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
        self._cuda: CudaUpload | None = None

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
        texture = self._texture(slot, size_px, _KINDS.get(frame.pixels.dtype.str[1:], "f2"))
        timed = TimedFrame(texture, frame.seconds, fade_s)
        if frame.share is not None and frame.device_slot is not None:
            try:
                self._cuda = self._cuda or CudaUpload(self._ctx)
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

    def _texture(
        self, slot: _Slot | None, size_px: tuple[int, int], dtype: str
    ) -> moderngl.Texture:
        """Reuse the texture that is out of use, if its size and kind are right."""
        if slot is not None:
            if slot.fade.pending is not None:  # replaced before it was ever seen
                slot.free.append(slot.fade.pending.texture)
                slot.fade = replace(slot.fade, pending=None)
            while slot.free:
                texture = slot.free.pop()
                if texture.size == size_px and texture.dtype == dtype:
                    return texture
                texture.release()
        texture = self._ctx.texture(size_px, 4, dtype=dtype)
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture
