"""What a performance remembers: the take (asked for or rolling) and the plan file."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import platformdirs

from engine.app.hearing import Hearing
from engine.app.planfile import PlanWriter
from engine.app.recorder import Recorder
from engine.app.showfile import Loaded
from engine.core.event import Event
from engine.core.show import Show
from engine.core.state import State

if TYPE_CHECKING:
    from engine.app.live import Options

ROLLING_S = 600.0
Say = Callable[[str], None]


class Memory:
    """Records every tick; a failing disk ends the recording, never the show."""

    def __init__(
        self,
        options: Options,
        loaded: Loaded,
        show: Show,
        fps: Fraction,
        hearing: Hearing,
        say: Say,
    ) -> None:
        self._hearing = hearing
        self._frame_s = 1 / fps
        self._rolling = options.take is None
        self._said = ""
        self._rate = show.control_hz
        self._newest = -1
        self._plan = PlanWriter(options.plan, show) if options.plan is not None else None
        self._recorder: Recorder | None = None
        folder = options.take or _rolling_folder()
        header = {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "fps": str(fps),
            "size_px": list(show.size_px),
            "seed": show.seed,
        }
        try:
            self._recorder = Recorder(
                folder,
                show,
                loaded.text,
                header=header,
                sound=hearing.format,
                limit_s=ROLLING_S if self._rolling else None,
            )
        except OSError as error:
            if not self._rolling:
                raise
            say(f"no rolling take: {error}")

    def tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Remember one tick; fits `Line.on_tick`."""
        self._newest = after.tick
        if self._recorder is not None:
            self._recorder.tick(show, before, events, after)
        if self._plan is not None:
            self._plan.tick(show, before, events, after)

    def sound(self, seconds: Fraction) -> None:
        """Remember the samples of a frame."""
        self._hearing.tend(self._newest, self._rate)
        place, samples = self._hearing.samples(seconds, self._frame_s)
        if self._recorder is not None:
            self._recorder.sound(place, samples)

    def add_show(self, loaded: Loaded, show: Show) -> str:
        """Remember a reloaded show; return its content hash."""
        from engine.app.recorder import manifest

        if self._recorder is not None:
            return self._recorder.add_show(loaded.text, show)
        return manifest(loaded.text, show)[0]

    def keep(self, say: Say) -> None:
        """Keep the last ten minutes as a take of their own."""
        if self._recorder is None:
            say("nothing is being recorded")
            return
        base = Path(platformdirs.user_videos_dir()) / "latent-cinema"
        target = base / time.strftime("take-%Y%m%d-%H%M%S")
        self._recorder.keep(target, ROLLING_S)
        say(f"kept: {target}")

    def tend(self, say: Say) -> None:
        """Report a recording that stopped, once."""
        if self._recorder is not None and self._recorder.error != self._said:
            self._said = self._recorder.error
            say(self._said)

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        if self._recorder is None:
            return {"folder": None, "error": ""}
        folder = None if self._rolling else str(self._recorder.folder)
        return {"folder": folder, "rolling": self._rolling, "error": self._recorder.error}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._plan is not None:
            self._plan.close()
        if self._recorder is not None:
            self._recorder.close()
            if self._rolling:
                shutil.rmtree(self._recorder.folder, ignore_errors=True)


def _rolling_folder() -> Path:
    return Path(platformdirs.user_cache_dir("latent-cinema")) / f"rolling-{os.getpid()}"
