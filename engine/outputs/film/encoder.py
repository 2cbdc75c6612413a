"""Video encoder: pictures and samples in, a film file out, through FFmpeg."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.outputs.contract import Sound
from engine.outputs.film.video import BT709, LIMITED, Codec, Video
from engine.outputs.writer import read_sound, samples_at
from engine.system.atomic import open_growing

if TYPE_CHECKING:
    from av import AudioStream, VideoFrame
    from av.container import OutputContainer

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_AAC_FRAME = 1024
_FULL = 2
_FRAGMENT_US = 250_000
# Fragments while writing, so that a killed film plays; an ordinary MP4 once closed. Without
# delay_moov the header comes before the encoder's priming is known and the sound starts late.
_MOVFLAGS = "+hybrid_fragmented+frag_keyframe+empty_moov+delay_moov+default_base_moof"


class Encoder:
    """The open file. Used by one thread at a time; counts the pictures in it (`frames`).

    Parameters
    ----------
    path
        ``.mp4``, ``.mov`` or ``.mkv``.
    sound
        Sample 0 is heard with the first picture.
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
        self._fps = fps
        self._size_px = size_px
        self._sound = sound
        self._samples = 0
        self._codec = codec
        self._newest: VideoFrame | None = None
        self._reformatter = VideoReformatter()
        suffix = self.path.suffix.lower()
        self._file = open_growing(self.path)
        try:
            self._container: OutputContainer = av.open(
                self._file, "w", FORMATS[suffix], options=_container_options(suffix, fps, sound)
            )
            self._video = Video(self._container, codec, size_px, fps)
            self._audio = _add_audio(self._container, sound) if sound else None
            # Opens the codecs now: an option that is refused is refused here.
            self._container.start_encoding()
        except BaseException:
            self._file.close()
            self.path.unlink()
            raise

    def encode(self, index: int, rgb: NDArray[Any]) -> None:
        """Append the picture of frame `index` [shape=(H, W, 3)], filling a gap before it.

        It is uint8, and uint16 where the codec takes 10 bits.
        """
        frame = self._convert(rgb)
        self._fill(index)
        self._newest = frame
        self._append(frame)

    @property
    def frames(self) -> int:
        """How many pictures are in it."""
        return self._video.frames

    def take_over(self, path: Path, frames: int) -> None:
        """Begin with that many pictures of a film that was stopped, and the sound to them."""
        for _ in self._video.take_over(path, frames):
            self._write_sound()

    def finish(self, frames: int) -> None:
        """End the film at that many pictures and close the file; without a picture, delete it.

        The file is closed even if the end of it could not be written.
        """
        try:
            if self.frames:
                self._fill(frames)
                self._write_sound(is_last=True)
                self._video.finish()
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
        finally:
            with self._file:
                self._container.close()
            if not self.frames:
                self.path.unlink(missing_ok=True)

    def _convert(self, rgb: NDArray[Any]) -> VideoFrame:
        import av
        from av.video.reformatter import Interpolation

        width, height = self._size_px
        kind, name = (np.uint8, "rgb24") if self._codec.bits == 8 else (np.uint16, "rgb48le")
        if rgb.shape != (height, width, 3) or rgb.dtype != kind:
            raise ValueError(f"the film takes {width}x{height} {name}, not {rgb.shape} {rgb.dtype}")
        return self._reformatter.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), name),
            format=self._codec.pixel_format,
            dst_colorspace=BT709,
            src_color_range=_FULL,
            dst_color_range=LIMITED,
            dst_color_trc=BT709,
            dst_color_primaries=BT709,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        )

    def _fill(self, index: int) -> None:
        while self._newest is not None and self.frames < index:
            self._append(self._newest)

    def _append(self, frame: VideoFrame) -> None:
        self._video.append(frame)
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
