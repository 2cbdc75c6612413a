"""A reader of films: the frame of a moment, exactly, forwards and backwards."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.media.film_file import is_vpx_alpha, on_grid, open_container
from engine.system.untrusted import open_regular

KEPT_BYTES = 48 << 20
"""Of frames that one reader keeps: so it also goes backwards at a fair price."""
_KEPT = (3, 64)  # frames, at least and at most
_SLACK_S = 1e-6  # a float64 must not fall just short of its own frame
_LEAP_S = 2.0  # further ahead a key frame is looked for
_STEPS_S = (0.0, 0.5, 2.0, 6.0)  # back from a moment, until there is a frame before it
_HD_PX = 720
_THREADS = 4
# ACCURATE_RND and FULL_CHR_H_INT of libswscale: colours of 8 bits within 0.5/255, else within 3.
# Of more bits they are right without, and with them 10 bits of 4:2:0 come out as noise.
_EXACT = 0x40000 | 0x2000
_MOST_DAMAGE = 64  # packets that are left out in a row, before the rest is taken for lost


class DamageError(ValueError):
    """Part of a film cannot be decoded; the frame before it stands. Said once a reader."""


class FilmReader:
    """Decodes one film. A frame's interval ends where the next one begins.

    Parameters
    ----------
    path
        Its file.

    Raises
    ------
    OSError, av.FFmpegError
        If it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._file = open_regular(Path(path))
        self._open()
        self._frames: deque[tuple[float, Any]] = deque()  # with the moments of their beginnings
        self._decoding: Iterator[Any] = iter(())
        self._is_at_end = self._is_damaged = self._is_told = False
        self._most = _KEPT[1]
        index = getattr(self._stream, "index_entries", ())
        self._keys = [entry.timestamp for entry in index if entry.is_keyframe]
        self._start: int | None = None  # time of the first frame, in the units of the file
        self._first()

    def _open(self) -> None:
        self._file.seek(0)
        self._container = open_container(self._file)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = _THREADS
        self._own: Any = _vpx_decoder(self._stream)
        self._base = float(self._stream.time_base)

    def at(self, seconds: float) -> Any:
        """Return the frame whose interval contains a moment: the first before it, the last after.

        Raises
        ------
        DamageError
            At the first damaged place; asked again, it gives the frame that stands there.
        """
        self.prepare(seconds)
        if self._is_damaged and not self._is_told:
            self._is_told = True
            near_s = self._frames[-1][0]  # as far as it was decoded
            raise DamageError(f"damaged near {near_s:.1f} s; the frame before it stands")
        return self._frames[max(self._after(max(seconds, 0.0) + _SLACK_S) - 1, 0)][1]

    def prepare(self, seconds: float) -> None:
        """Decode the frame of a moment; damage is told to whoever asks for it."""
        moment = max(seconds, 0.0) + _SLACK_S
        if not self._frames or self._frames[0][0] > moment or self._leads(moment):
            self._seek(moment)
        while not self._is_at_end and self._frames[-1][0] <= moment:
            self._next()

    def _after(self, moment: float) -> int:
        """Index of the first frame after a moment."""
        return bisect_right(self._frames, moment, key=lambda each: each[0])

    def holds(self, seconds: float) -> bool:
        """Whether the frame of a moment is here already."""
        moment, frames = seconds + _SLACK_S, self._frames
        return (
            bool(frames) and frames[0][0] <= moment and (self._is_at_end or frames[-1][0] > moment)
        )

    @property
    def start_s(self) -> float:
        """Time of the first frame, as the file counts."""
        return (self._start or 0) * self._base

    def last_s(self) -> float:
        """Moment of the last frame; decodes all of them."""
        while not self._is_at_end:
            self._next()
        return self._frames[-1][0] if self._frames else 0.0

    @property
    def first_s(self) -> float:
        """Moment from which on frames are here."""
        return self._frames[0][0]

    def go_on(self, seconds: float, count: int) -> bool:
        """Decode one frame, unless there are `count` after a moment; whether it was done."""
        ahead = len(self._frames) - self._after(seconds + _SLACK_S)
        return ahead < min(count, self._most - 1) and not self._is_at_end and self._next()

    def _leads(self, moment: float) -> bool:
        """Whether there is a key frame between the newest frame and a moment far ahead."""
        newest_s, newest = self._frames[-1][0], self._frames[-1][1].pts
        if self._is_at_end or moment - newest_s < _LEAP_S:
            return False
        place = bisect_right(self._keys, self._units(moment)) - 1
        return not self._keys or self._keys[max(place, 0)] > newest

    def _units(self, moment: float) -> int:
        return int(moment / self._base) + (self._start or 0)

    def _seek(self, moment: float) -> None:
        """Go to a key frame before a moment; some containers mean the order of decoding."""
        for back_s in _STEPS_S:
            target_s = max(moment - back_s, 0.0)
            if self._begin(self._units(target_s)) and self._frames[0][0] <= moment:
                return
            if target_s == 0.0:
                break
        self._container.close()
        self._open()
        self._first()

    def _first(self) -> None:
        if not self._begin(None):
            raise ValueError("not one frame of it can be decoded")

    def _begin(self, target: int | None) -> bool:
        """Decode the first frame after a seek, or of the film; whether there is one."""
        self._frames.clear()
        self._is_at_end = False
        if target is None:
            self._decoding = self._decode()
            return self._next()
        import av

        try:
            self._container.seek(target, stream=self._stream)
        except av.FFmpegError:
            return False
        if self._own is not None:
            self._own = _vpx_decoder(self._stream)
        # What comes before a key frame is made from what is missing.
        self._decoding = dropwhile(lambda frame: not frame.key_frame, self._decode())
        return self._next()

    def _next(self) -> bool:
        """Decode one frame; False at the end."""
        newest_s = self._frames[-1][0] if self._frames else -math.inf
        for frame in self._decoding:
            if self._start is None:
                self._start = int(frame.pts or 0)
            if frame.pts is None:
                continue
            seconds = on_grid((frame.pts - self._start) * self._base, self._stream)
            if seconds > newest_s:
                break
        else:
            self._is_at_end = True
            return False
        size = sum(plane.buffer_size for plane in frame.planes)
        self._most = min(max(KEPT_BYTES // max(size, 1), _KEPT[0]), _KEPT[1])
        self._frames.append((seconds, frame))
        while len(self._frames) > self._most:
            self._frames.popleft()
        return True

    def _decode(self) -> Iterator[Any]:
        """Frames from here on; packets that cannot be decoded are left out."""
        import av

        damage = 0
        packets = self._container.demux(self._stream)
        while damage < _MOST_DAMAGE:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                self._is_damaged |= packet.is_corrupt
                decoded = packet.decode() if self._own is None else self._own.decode(packet)
                for frame in decoded:
                    self._is_damaged |= frame.is_corrupt
                    if not frame.is_corrupt:
                        damage = 0
                        yield frame
            except av.EOFError:
                return
            except av.FFmpegError:
                damage += 1
                self._is_damaged = True
                packets = self._container.demux(self._stream)

    def __del__(self) -> None:
        self._file.close()


def _vpx_decoder(stream: Any) -> Any:
    """Make the decoder that sees the transparency of WebM; None where the usual one does."""
    if not is_vpx_alpha(stream):
        return None
    import av

    name = "libvpx-vp9" if stream.codec_context.name == "vp9" else "libvpx"
    return av.CodecContext.create(name, "r") if name in av.codecs_available else None


class Converter:
    """Turns frames into pixels; keeps what is worth keeping between them."""

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._made = VideoReformatter()

    def pixels(self, frame: Any, size_px: tuple[int, int]) -> NDArray[Any]:
        """RGBA of a frame [shape=(H, W, 4)], as it is seen: turned, full range, straight alpha.

        uint8, or uint16 where the film has more than 8 bits. What does not say its matrix is
        BT.709 from 720 lines on, else BT.601, as players do.
        """
        from av.video.reformatter import ColorRange

        turns = round(frame.rotation / 90) % 4  # counterclockwise
        width, height = size_px[::-1] if turns % 2 else size_px
        parts = frame.format.components
        is_rgb = frame.format.is_rgb or len(parts) < 3
        is_deep = max(part.bits for part in parts) > 8
        made = self._made.reformat(
            frame,
            width,
            height,
            "rgba64le" if is_deep else "rgba",
            src_colorspace=None if is_rgb else _matrix(frame),
            src_color_range=range_of(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=_scaling(width, frame.width) | (0 if is_rgb or is_deep else _EXACT),
        )
        return np.ascontiguousarray(np.rot90(made.to_ndarray(), turns))


def range_of(frame: Any) -> Any:
    """Range of a frame's numbers: full (all 256) or limited (16 to 235)."""
    from av.video.reformatter import ColorRange

    is_rgb = frame.format.is_rgb or len(frame.format.components) < 3
    is_full = is_rgb or frame.color_range == 2 or frame.format.name.startswith("yuvj")
    return ColorRange.JPEG if is_full else ColorRange.MPEG


def _scaling(width: int, own: int) -> int:
    """How it is scaled; where only its colours are, in between them."""
    from av.video.reformatter import Interpolation as How

    return int(How.BILINEAR if width == own else How.AREA if width < own else How.BICUBIC)


def _matrix(frame: Any) -> Any:
    from av.video.reformatter import Colorspace

    said = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}.get(int(frame.colorspace))
    is_hd = max(frame.width * 9 / 16, frame.height) >= _HD_PX
    return Colorspace(said or (1 if is_hd else 5))
