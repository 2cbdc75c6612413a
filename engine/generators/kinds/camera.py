"""Camera pictures: the newest one at any time. In films only what a take recorded of them."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Kind, Parameter
from engine.core.show.generator import Request, Spec
from engine.generators.media.film_reader import Converter
from engine.generators.media.recording import CameraRecorder, Recorded
from engine.system.untrusted import open_regular

RETRY_S = 3.0
BACKENDS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_FIRST = {"v4l2": "/dev/video0", "avfoundation": "default", "lavfi": "testsrc"}
# A show may not write filter graphs: some of them read files.
_TEST_PICTURE = re.compile(r"(testsrc2?|smptebars|mandelbrot)(=[a-z0-9=:x/]{0,80})?")
_FORMATS = "mov,mp4,matroska,webm,avi,ogg,mpegts"
MIN_PX, MAX_PX = 16, 1024
PARAMETERS = (
    Parameter("mirror", Kind.BOOL, 1.0, text="Left and right as in a mirror."),
    Parameter("zoom", Kind.FLOAT, 1.0, 1.0, 8.0, text="Enlarges the middle."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """What a show may say about this generator.

    Parameters
    ----------
    device
        ``/dev/video0`` (Linux), a name or number (macOS), ``video=NAME`` (Windows); empty: the
        system's first one.
    backend
        ``v4l2``, ``avfoundation``, ``dshow`` or ``lavfi`` (a test picture); empty: the system's.
    file
        Instead of a camera: a film, again and again.
    record
        A take keeps what it saw.
    recording
        Folder of a take's recordings, which are shown instead; see `engine.generators.media`.
    """

    device: str = ""
    backend: str = ""
    file: str = ""
    record: bool = False
    recording: str = ""


def spec(config: Config) -> Spec:
    """Describe the camera without opening it.

    Raises
    ------
    ValueError
        If the backend is unknown, there is no device to begin with, or the file is missing.
    """
    if not config.recording:
        _place(config)
    return Spec(
        name="camera",
        ports=(),
        parameters=PARAMETERS,
        min_px=MIN_PX,
        max_px=MAX_PX,
        stateful=True,
        differentiable=False,
        live_only=not config.recording,
        runs="light",
    )


def _place(config: Config) -> tuple[str, str | None]:
    """Return what is opened, and by which backend; None: a file."""
    if config.file:
        if not Path(config.file).is_file():
            raise ValueError(f"config.file: there is no file {config.file}; give its whole path")
        return config.file, None
    backend = config.backend or BACKENDS.get(sys.platform, "")
    if backend not in (*BACKENDS.values(), "lavfi"):
        known = ", ".join((*BACKENDS.values(), "lavfi"))
        raise ValueError(f"config.backend: '{backend[:20]}' is not known; allowed are: {known}")
    device = config.device or _FIRST.get(backend, "")
    if not device:
        raise ValueError('config.device: this system has no first camera; write "video=NAME"')
    if backend == "lavfi" and not _TEST_PICTURE.fullmatch(device):
        raise ValueError(
            f"config.device: '{device[:40]}' is no test picture; there are: testsrc, testsrc2, "
            "smptebars, mandelbrot"
        )
    return device, backend


class Capture:
    """Reads a camera in a thread of its own and keeps the newest picture.

    Parameters
    ----------
    place, backend
        See `_place`.
    """

    def __init__(self, place: str, backend: str | None) -> None:
        self.newest: Any = None  # a PyAV frame
        self.trouble = ""
        self._place = place
        self._backend = backend
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="camera", daemon=True).start()

    def close(self) -> None:
        """Let go of the camera, as soon as it gives its next picture."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                for frame in self._frames():
                    self.newest, self.trouble = frame, ""
                    if self._closed.is_set():
                        return
                if self._backend is not None:
                    raise OSError("it gives no more pictures")
            except Exception as error:  # noqa: BLE001 -- drivers and codecs fail in many ways
                why = getattr(error, "strerror", None) or " ".join(str(error).split())
                self.trouble = (
                    f"{self._place} cannot be read: {why}; plug it in, or set config.device; "
                    f"tried again every {RETRY_S:g} s"
                )
                self._closed.wait(RETRY_S)

    def _frames(self) -> Iterator[Any]:
        """Decode; a camera sets the pace itself, anything else is held back to its own times."""
        import av

        is_paced = self._backend in (None, "lavfi")
        with ExitStack() as stack:
            if self._backend is None:  # opened here, so that no list in it leads elsewhere
                file = stack.enter_context(open_regular(Path(self._place)))
                container = av.open(file, "r", options={"format_whitelist": _FORMATS})
            else:
                container = av.open(self._place, "r", format=self._backend)
            stack.enter_context(container)
            before_s: float | None = None
            for frame in container.decode(video=0):
                if is_paced and frame.time is not None:
                    if before_s is not None:
                        self._closed.wait(min(max(frame.time - before_s, 0.0), 1.0))
                    before_s = frame.time
                yield frame


class Generator:
    """A camera that is read, from the first request on."""

    def __init__(self, config: Config) -> None:
        self.spec = spec(config)
        self.capture: Capture | None = None  # no memory: a request that fails hands none back
        self._recorded = Recorded(Path(config.recording)) if config.recording else None
        self._where = ("", None) if config.recording else _place(config)
        self._recorder: CameraRecorder | None = None
        self._convert = Converter()

    def record(self, path: Path) -> None:
        """Write what is seen from now on into a new film.

        Raises
        ------
        OSError
            If it cannot be made.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._recorder = CameraRecorder(path)

    def render(self, request: Request, memory: None) -> tuple[NDArray[np.float32], None]:
        """Return the newest picture [shape=(1, 3, H, W)]; black before the first.

        Raises
        ------
        OSError
            If the camera cannot be read; it is tried again meanwhile.
        """
        del memory
        if self._recorded is not None:
            return self._shown(self._recorded.at(request.seconds), request), None
        self.capture = self.capture or Capture(*self._where)
        frame = self.capture.newest
        if self.capture.trouble:
            raise OSError(self.capture.trouble)
        if self._recorder is not None and frame is not None:
            self._recorder.put(frame, request.seconds)
            if self._recorder.trouble:
                trouble, self._recorder = self._recorder.trouble, None
                raise OSError(trouble)
        return self._shown(frame, request), None

    def _shown(self, frame: Any, request: Request) -> NDArray[np.float32]:
        """Pixels of a frame [shape=(1, 3, H, W)]; black where there is none."""
        width, height = request.size_px
        if frame is None:
            return np.zeros((1, 3, height, width), np.float32)
        rgb = self._fit(frame, width, height, request.parameters.get("zoom", 1.0))
        if request.parameters.get("mirror", 1.0) >= 0.5:
            rgb = rgb[:, ::-1]
        pixels = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32)
        return pixels / np.float32(255 if rgb.dtype == np.uint8 else 65535)

    def _fit(self, frame: Any, width: int, height: int, zoom: float) -> NDArray[Any]:
        """Scale a frame so that its middle fills a size [shape=(H, W, 3)]."""
        own = frame.width, frame.height
        own = own[::-1] if round(frame.rotation / 90) % 2 else own
        scale = max(width / own[0], height / own[1]) * min(max(zoom, 1.0), 8.0)
        across, down = max(round(own[0] * scale), width), max(round(own[1] * scale), height)
        rgb = self._convert.pixels(frame, (across, down))[..., :3]
        left, top = (across - width) // 2, (down - height) // 2
        return rgb[top : top + height, left : left + width]


def build(config: Config, device: str) -> Generator:
    """Make the generator; the camera is opened at the first request."""
    del device
    return Generator(config)
