"""Video encoder: pictures and samples in, a film file out, through FFmpeg."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from engine.outputs.contract import Sound
from engine.outputs.writer import read_sound, samples_at
from engine.system.atomic import open_growing

if TYPE_CHECKING:
    from av import AudioStream, VideoFrame, VideoStream
    from av.container import OutputContainer

ENCODERS = {"h264": "libx264", "h265": "libx265"}
FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_AAC_FRAME = 1024
_BT709 = 1  # ITU-T H.273: primaries, transfer and matrix of BT.709 all have the code 1
_LIMITED, _FULL = 1, 2
_FRAGMENT_US = 250_000
# Fragments while writing, so that a killed film plays; an ordinary MP4 once closed. Without
# delay_moov the header comes before the encoder's priming is known and the sound starts late.
_MOVFLAGS = "+hybrid_fragmented+frag_keyframe+empty_moov+delay_moov+default_base_moof"


class Codec(NamedTuple):
    """How pictures are compressed: ``h264`` or ``h265``, constant rate factor, x264's preset."""

    name: str
    crf: int
    preset: str


class Encoder:
    """The open file. Used by one thread at a time; counts the pictures in it (`frames`).

    Parameters
    ----------
    path
        ``.mp4``, ``.mov`` or ``.mkv``.
    codec
        Of the pictures.
    sound
        Sample 0 is heard with the first picture.
    size_px
        Width and height.
    fps
        Pictures per second.
    """

    def __init__(
        self,
        path: Path,
        codec: Codec,
        sound: Sound | None,
        size_px: tuple[int, int],
        fps: Fraction,
    ) -> None:
        import av
        from av.video.reformatter import VideoReformatter

        self.path = Path(path)
        self.frames = 0
        self._fps = fps
        self._size_px = size_px
        self._sound = sound
        self._samples = 0
        self._newest: VideoFrame | None = None
        self._reformatter = VideoReformatter()
        suffix = self.path.suffix.lower()
        self._file = open_growing(self.path)
        try:
            self._container: OutputContainer = av.open(
                self._file, "w", FORMATS[suffix], options=_container_options(suffix, fps, sound)
            )
            self._video = _add_video(self._container, codec, size_px, fps)
            self._audio = _add_audio(self._container, sound) if sound else None
            # Opens the codecs now: an option that is refused is refused here.
            self._container.start_encoding()
        except BaseException:
            self._file.close()
            self.path.unlink()
            raise

    def encode(self, index: int, rgb: NDArray[np.uint8]) -> None:
        """Append the picture of frame `index` [shape=(H, W, 3)], filling a gap before it."""
        frame = self._convert(rgb)
        self._fill(index)
        self._newest = frame
        self._append(frame)

    def finish(self, frames: int) -> None:
        """End the film at that many pictures and close the file; without a picture, delete it.

        The file is closed even if the end of it could not be written.
        """
        try:
            if self.frames:
                self._fill(frames)
                self._write_sound(is_last=True)
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
        finally:
            self._container.close()
            self._file.close()
            if not self.frames:
                self.path.unlink(missing_ok=True)

    def _convert(self, rgb: NDArray[np.uint8]) -> VideoFrame:
        import av
        from av.video.reformatter import Interpolation

        width, height = self._size_px
        if rgb.shape != (height, width, 3) or rgb.dtype != np.uint8:
            raise ValueError(f"the film takes {width}x{height} rgb24, not {rgb.shape} {rgb.dtype}")
        return self._reformatter.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24"),
            format="yuv420p",
            dst_colorspace=_BT709,
            src_color_range=_FULL,
            dst_color_range=_LIMITED,
            dst_color_trc=_BT709,
            dst_color_primaries=_BT709,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        )

    def _fill(self, index: int) -> None:
        while self._newest is not None and self.frames < index:
            self._append(self._newest)

    def _append(self, frame: VideoFrame) -> None:
        frame.pts = self.frames
        frame.time_base = 1 / self._fps
        self._container.mux(self._video.encode(frame))
        self.frames += 1
        self._write_sound()

    def _write_sound(self, is_last: bool = False) -> None:
        """Encode the sound up to the newest picture's end, in whole AAC frames but for the last."""
        if self._sound is None or self._audio is None:
            return
        end = samples_at(self.frames, self._fps, self._sound.rate_hz)
        least = 1 if is_last else _AAC_FRAME
        while end - self._samples >= least:
            count = min(_AAC_FRAME, end - self._samples)
            rows = read_sound(self._sound, self._samples, count)
            self._container.mux(self._audio.encode(_audio_frame(rows, self._samples, self._sound)))
            self._samples += count


def _container_options(suffix: str, fps: Fraction, sound: Sound | None) -> dict[str, str]:
    options = {"flush_packets": "1"}
    if suffix == ".mkv":
        return options | {"cluster_time_limit": str(_FRAGMENT_US // 1000)}
    # Edit lists are written in this unit; the usual millisecond would cut samples off the end.
    timescale = math.lcm(fps.numerator, sound.rate_hz if sound else 1)
    return options | {
        "movflags": _MOVFLAGS,
        "frag_duration": str(_FRAGMENT_US),
        "movie_timescale": str(timescale if timescale < 2**31 else fps.numerator),
    }


def _add_video(
    container: OutputContainer, codec: Codec, size_px: tuple[int, int], fps: Fraction
) -> VideoStream:
    # A short lookahead: what the encoder holds back is lost when the process is killed.
    lookahead = max(4, round(fps / 4))
    options = {"preset": codec.preset, "crf": str(codec.crf)}
    if codec.name == "h264":
        options["rc-lookahead"] = str(lookahead)
    else:
        options["x265-params"] = f"log-level=error:rc-lookahead={lookahead}:bframes=3"
    stream = cast("VideoStream", container.add_stream(ENCODERS[codec.name], fps, options=options))
    context: Any = stream.codec_context  # its setters have no types
    context.width, context.height = size_px
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / fps
    context.gop_size = max(1, round(fps))
    context.color_range = _LIMITED
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.thread_count = min(16, os.cpu_count() or 1)
    stream.time_base = 1 / fps
    if codec.name == "h265" and container.format.name != "matroska":
        context.codec_tag = "hvc1"  # what Apple's players ask for
    return stream


def _add_audio(container: OutputContainer, sound: Sound) -> AudioStream:
    stream: AudioStream = container.add_stream("aac", rate=sound.rate_hz)
    codec: Any = stream.codec_context  # its setters have no types
    codec.layout = LAYOUTS[sound.channels]
    codec.format = "fltp"
    codec.bit_rate = 128_000 * sound.channels
    return stream


def _audio_frame(rows: NDArray[np.float32], start: int, sound: Sound) -> Any:
    import av

    planes = np.ascontiguousarray(rows.T)
    frame = av.AudioFrame.from_ndarray(planes, "fltp", LAYOUTS[sound.channels])
    frame.sample_rate = sound.rate_hz
    frame.pts = start
    frame.time_base = Fraction(1, sound.rate_hz)
    return frame
