"""Recordings of a camera show the colours that the camera showed."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from engine.generators.media.film_reader import Converter
from engine.generators.media.recording import CameraRecorder, Recorded
from tests.performing import until

SIZE = (64, 48)


@pytest.mark.parametrize(
    ("pix_fmt", "matrix", "span"), [("yuvj422p", 5, 2), ("yuv422p", 1, 1), ("yuv420p", 5, 0)]
)
def test_colours_are_the_camera_s(tmp_path: Path, pix_fmt: str, matrix: int, span: int) -> None:
    """Most webcams send full range."""
    frame = av.VideoFrame(*SIZE, pix_fmt)
    for plane, value in zip(frame.planes, (120, 90, 160), strict=True):
        plane.update(bytes([value]) * (plane.height * plane.line_size))
    frame.colorspace, frame.color_range = matrix, span
    recorder = CameraRecorder(tmp_path / "1.mkv")
    newest = 0

    def recorded() -> bool:
        nonlocal newest
        newest += 1
        recorder._newest = None
        recorder.put(frame, newest / 25)
        return Recorded(tmp_path).at(newest / 25) is not None

    until(recorded, "a frame on the disk")
    shown = [Converter().pixels(x, SIZE) for x in (frame, Recorded(tmp_path).at(newest / 25))]
    np.testing.assert_allclose(shown[1].astype(int), shown[0].astype(int), atol=3)
