"""Bridge from torch to GL: frames of generators become textures.

Each slot has three textures in rotation: *older* and *newer*, between which the compositor
crossfades, and *pending*, a frame that is here before its time. Frames are asked for ahead of time
(`Host.look_ahead_s`), so normally the display time lies between the stamps of older and newer, and
when it reaches newer's the pending one takes over. The blend moves along a line through (stamp,
frame) and never jumps; a frame that comes late is faded in from what is on the screen.

A frame with the picture of the one before it (the show rests) is not uploaded again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.core.show.layer import IN_BETWEENS
from engine.generators.host.messages import Frame
from engine.play.pixels.crossfade import Fade, TimedFrame, advance_fade, begin_fade, weigh
from engine.play.pixels.cuda_sharing import CudaUpload, SharingError

_KINDS = {"u1": "f1", "u2": "nu2"}  # of pixels → of a texture that is read as 0..1


class SourcePixels(NamedTuple):
    """What a layer's source looks like now: ``(1 - weight) · older + weight · newer``.

    Textures are RGBA16F (of films and pictures RGBA8 or RGBA16), display-referred sRGB, straight
    alpha, memory row 0 is the top row. Equal `numbers` are the same pictures; where `is_flow`, what
    moved between them is to be moved.
    """

    older: moderngl.Texture
    newer: moderngl.Texture
    weight: float
    numbers: tuple[int, int] = (0, 0)
    is_flow: bool = False


@dataclass(slots=True)
class _Slot:
    fade: Fade
    textures: list[moderngl.Texture]
    last: TimedFrame  # taken last, and its pixels where they came by main memory
    pixels: NDArray[Any] | None
    in_between: str = IN_BETWEENS[0]

    def shown(self) -> list[TimedFrame]:
        fade = self.fade
        return [frame for frame in (fade.older, fade.newer, fade.pending) if frame is not None]


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
        self._uploads = 0

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
        if slot is not None and slot.fade.pending is not None:
            fade_s = max(fade_s, slot.fade.pending.fade_s)  # of the one that it replaces
            slot.fade = replace(slot.fade, pending=None)
        if slot is not None and _is_repeated(slot.pixels, frame):
            timed = replace(slot.last, seconds=frame.seconds, fade_s=fade_s)
        else:
            timed = self._upload(slot_id, slot, frame, fade_s)
        pixels = None if frame.device_slot is not None else frame.pixels
        if slot is None:
            self._slots[slot_id] = _Slot(begin_fade(timed), [timed.texture], timed, pixels)
            return
        slot.last, slot.pixels = timed, pixels
        if self._crossfades and not is_fresh:
            slot.fade = replace(slot.fade, pending=timed)
        else:
            slot.fade = begin_fade(timed)

    def _upload(self, slot_id: str, slot: _Slot | None, frame: Frame, fade_s: float) -> TimedFrame:
        kind = _KINDS.get(frame.pixels.dtype.str[1:], "f2")
        texture = self._texture(slot, (frame.pixels.shape[1], frame.pixels.shape[0]), kind)
        if frame.share is not None and frame.device_slot is not None:
            try:
                self._cuda = self._cuda or CudaUpload(self._ctx)
                self._cuda.write(slot_id, texture, frame.device_slot, frame.share)
            except Exception as error:
                raise SharingError(f"{type(error).__name__}: {error}") from error
        else:
            texture.write(frame.pixels)
        self._uploads += 1
        return TimedFrame(texture, frame.seconds, fade_s, self._uploads)

    def pixels(self, slot_id: str, seconds: float, in_between: str = "fade") -> SourcePixels | None:
        """Return what a slot shows at a display time; None before its first frame.

        Parameters
        ----------
        in_between
            One of `engine.core.show.layer.IN_BETWEENS`.
        """
        slot = self._slots.get(slot_id)
        if slot is None:
            return None
        slot.fade, slot.in_between = advance_fade(slot.fade, seconds), in_between
        older, newer = slot.fade.older, slot.fade.newer
        return SourcePixels(
            older.texture,
            newer.texture,
            weigh(slot.fade, seconds, in_between),
            (older.number, newer.number),
            in_between == "flow" and not newer.fade_s,
        )

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
        weight = weigh(slot.fade, seconds, slot.in_between)
        return seconds - (older_s + weight * (newer_s - older_s))

    def drop(self, slot_id: str) -> None:
        """Free the textures of a slot that is gone. Harmless when it is not there."""
        slot = self._slots.pop(slot_id, None)
        if slot is None:
            return
        for texture in slot.textures:
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
        used = [frame.texture for frame in slot.shown()] if slot else []
        textures = slot.textures if slot else []
        for texture in [each for each in textures if each not in used]:
            if texture.size == size_px and texture.dtype == dtype:
                return texture
            textures.remove(texture)
            texture.release()
        texture = self._ctx.texture(size_px, 4, dtype=dtype)
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        textures.append(texture)
        return texture


def _is_repeated(pixels: NDArray[Any] | None, frame: Frame) -> bool:
    """Whether a frame has the picture that was uploaded last."""
    if pixels is None or frame.device_slot is not None or pixels.shape != frame.pixels.shape:
        return False
    if pixels.dtype != frame.pixels.dtype:
        return False
    ours, theirs = pixels.view(np.uint16), frame.pixels.view(np.uint16)
    # A few rows tell pictures apart that move; only those of a show that rests are read whole.
    rows = slice(None, None, max(len(ours) // 4, 1))
    return np.array_equal(ours[rows], theirs[rows]) and np.array_equal(ours, theirs)
