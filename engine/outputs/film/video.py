"""Video stream of a film, in segments that are encoded without knowing of each other.

So a film that was stopped can go on: its whole segments are taken over as they are, and what
follows is what would have followed without the stop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.system.untrusted import open_regular

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer

ENCODERS = {"h264": "libx264", "h265": "libx265"}
_NAMES = {"h264": "h264", "h265": "hevc"}
BT709 = 1  # ITU-T H.273: primaries, transfer and matrix of BT.709 all have the code 1
LIMITED = 1
_SEGMENT_S = 4
_DELAY = 2  # pictures: neither encoder lets decoding run further ahead of showing


class Codec(NamedTuple):
    """How pictures are compressed: ``h264`` or ``h265``, constant rate factor, x264's preset.

    `bits` of a sample: 8, or 10 (High 10, Main 10).
    """

    name: str
    crf: int
    preset: str
    is_segmented: bool = False
    bits: int = 8

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the samples."""
        return "yuv420p" if self.bits == 8 else "yuv420p10le"


def segment_frames(fps: Fraction) -> int:
    """Count the pictures of a segment."""
    return max(1, round(_SEGMENT_S * fps))


class Video:
    """Encodes pictures into an open container; counts those in it (`frames`)."""

    def __init__(
        self,
        container: OutputContainer,
        codec: Codec,
        size_px: tuple[int, int],
        fps: Fraction,
    ) -> None:
        self.frames = 0
        self._container, self._codec, self._size_px, self._fps = container, codec, size_px, fps
        self._segment = segment_frames(fps) if codec.is_segmented else 0
        self._packets = 0
        self._delay: int | None = None
        options = _options(codec, fps)
        self._stream: Any = container.add_stream(ENCODERS[codec.name], fps, options=options)
        self._context: Any = self._stream.codec_context
        self._set_up()
        self._stream.time_base = 1 / fps
        if codec.name == "h265" and container.format.name != "matroska":
            self._context.codec_tag = "hvc1"  # what Apple's players ask for

    def _set_up(self) -> None:
        context, fps = self._context, self._fps
        context.width, context.height = self._size_px
        context.pix_fmt = self._codec.pixel_format
        context.time_base = 1 / fps
        context.gop_size = max(1, round(fps))
        context.color_range = LIMITED
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.thread_count = min(16, os.cpu_count() or 1)

    def append(self, frame: VideoFrame) -> None:
        """Encode the next picture."""
        if self._segment and self.frames and self.frames % self._segment == 0:
            self._begin_segment()
        frame.pts = self.frames
        frame.time_base = 1 / self._fps
        self._mux(self._context.encode(frame))
        self.frames += 1

    def _begin_segment(self) -> None:
        import av
        from av.codec.context import Flags

        if self._packets < self.frames:
            self._mux(self._context.encode(None))
        self._context = av.CodecContext.create(ENCODERS[self._codec.name], "w")
        self._context.options = _options(self._codec, self._fps)
        self._context.framerate = self._fps
        self._context.flags |= Flags.global_header
        self._set_up()

    def take_over(self, path: Path, frames: int) -> Iterator[None]:
        """Take the first pictures of a film with the same settings; stops after each."""
        import av

        self._delay = _DELAY
        with open_regular(path) as file, av.open(file) as old:
            stream = old.streams.video[0]
            plain = av.BitStreamFilterContext(f"{_NAMES[self._codec.name]}_mp4toannexb", stream)
            first: Any = None
            for packet in islice(_pictures(old), frames):
                assert packet.pts is not None
                first = packet.pts if first is None else first
                number = round((packet.pts - first) * stream.time_base * self._fps)
                for each in plain.filter(packet):
                    each.pts, each.time_base = number, 1 / self._fps
                    self._mux([each])
                self.frames += 1
                yield

    def finish(self) -> None:
        """Encode what is held back."""
        if self._packets < self.frames:
            self._mux(self._context.encode(None))

    def _mux(self, packets: list[Any]) -> None:
        """Decoding goes on at the rate of the film, whatever the encoder of a segment says."""
        for packet in packets:
            if self._delay is None:  # of one or two pictures x265 says nonsense
                self._delay = -packet.dts if packet.dts in range(-_DELAY, 0) else 0
            packet.dts = self._packets - self._delay
            packet.stream = self._stream
            self._container.mux(packet)
            self._packets += 1


def whole_frames(path: Path, fps: Fraction) -> int:
    """Count the pictures in the whole segments of a film that was stopped, or killed."""
    import av

    try:
        with open_regular(path) as file, av.open(file) as old:
            count = sum(1 for _ in _pictures(old))
    except (av.FFmpegError, IndexError):  # not even its header is there
        return 0
    segment = segment_frames(fps)
    return max(count - 1, 0) // segment * segment  # the last packet may be cut off


def _pictures(old: Any) -> Iterator[Any]:
    """Packets with pictures; what is cut off ends them."""
    import av

    try:
        yield from (packet for packet in old.demux(old.streams.video[0]) if packet.size)
    except av.FFmpegError:
        return


def _options(codec: Codec, fps: Fraction) -> dict[str, str]:
    # A short lookahead: what the encoder holds back is lost when the process is killed.
    lookahead = max(4, round(fps / 4))
    options = {"preset": codec.preset, "crf": str(codec.crf)}
    if codec.name == "h264":
        options["rc-lookahead"] = str(lookahead)
    else:
        options["x265-params"] = f"log-level=error:rc-lookahead={lookahead}:bframes=3"
    return options
