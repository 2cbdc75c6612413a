"""Recording of a performance: its take (asked for, or rolling) and its plan file."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import platformdirs

from engine.core.clock import newest_index, seconds_at
from engine.core.event import Event
from engine.core.frame.date import begun
from engine.core.show.constants import DAY, SECOND, SOUND
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.path.journal import Journals, problems
from engine.documents.show.load import Loaded
from engine.documents.take.content_store import manifest
from engine.documents.take.recorder import Recorder
from engine.play.event_queue import EventQueue
from engine.play.heard import Heard
from engine.play.live.audio_input import AudioInput
from engine.play.live.options import Options
from engine.play.plan_file import PlanWriter

ROLLING_S = 600.0
DEAD_AFTER_S = 60.0
Notify = Callable[[str], None]


class Recording:
    """Records every tick; a failing disk ends the recording, never the show."""

    def __init__(
        self,
        options: Options,
        loaded: Loaded,
        show: Show,
        fps: Fraction,
        audio_input: AudioInput,
        notify: Notify,
    ) -> None:
        self._audio_input = audio_input
        self._frame_s = 1 / fps
        self._rolling = options.take is None
        self._notified: set[str] = set()
        self._rate = show.control_hz
        self._newest = -1
        self._last: tuple[Show, State] | None = None
        self._journals = Journals(loaded.path.parent if loaded.path is not None else None)
        self._plan = PlanWriter(options.plan, show) if options.plan is not None else None
        self._recorder: Recorder | None = None
        self.heard = Heard()
        header: dict[str, Any] = {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "fps": str(fps),
            "size_px": list(show.size_px),
        }
        if options.seed is not None:  # otherwise each show of the take has its own
            header["seed"] = options.seed
        try:
            self._recorder = Recorder(
                options.take or _rolling_folder(notify),
                show,
                loaded.text,
                header=header,
                sound=audio_input.format,
                limit_s=ROLLING_S if self._rolling else None,
            )
        except OSError as error:
            if not self._rolling:
                if self._plan is not None:
                    self._plan.drop()
                raise
            notify(f"no rolling take: {error}")

    def tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Remember one tick; fits `Line.on_tick`."""
        self._newest, self._last = after.tick, (show, after)
        self._journals.tend(show, after, time.monotonic())
        if self._recorder is not None:
            self._recorder.tick(show, before, events, after)
        if self._plan is not None:
            self._plan.tick(show, before, events, after)

    def sound(self, queue: EventQueue, seconds: Fraction) -> None:
        """Remember the samples of a frame; let music begin that was waited for."""
        self._audio_input.tend(queue, self._newest, self._rate)
        place, samples = self._audio_input.samples(seconds, self._frame_s)
        if self._recorder is not None and not self._recorder.error:
            place, samples = self._recorder.sound(place, samples)
        self.heard.add(place, samples)

    def tell(self, queue: EventQueue, show: Show, state: State, seconds: Fraction) -> None:
        """Say what shaders see of the world: how much of the sound is heard by then, the date.

        Both are events, so that a film of the take sees the same.
        """
        constants, rate = show.constants, show.control_hz
        ticks = range(state.tick + 1, newest_index(seconds, rate) + 1)
        if constants.sound >= 0 and ticks:
            if state.tick >= 0:
                self.sound(queue, seconds - self._frame_s)  # up to this frame
            of_device = self.heard.end / self._audio_input.format[0]
            for tick in ticks:
                is_known = self._audio_input.is_track
                heard_s = float(seconds_at(tick, rate)) if is_known else of_device
                queue.add(tick, f"/signal/{SOUND}", heard_s, "sound")
        if constants.date and ticks and not state.signals[constants.date[0]]:
            now = time.localtime()
            second = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec + time.time() % 1.0
            since = second - float(seconds) - state.lost_s
            for name, value in zip((DAY, SECOND), begun(now[:3], since), strict=True):
                queue.add(ticks[0], f"/signal/{name}", value, "clock")

    def add_show(self, loaded: Loaded, show: Show) -> str:
        """Remember a reloaded show; return its content hash."""
        if self._recorder is not None:
            return self._recorder.add_show(loaded.text, show)
        return manifest(loaded.text, show)[0]

    def keep(self, notify: Notify) -> None:
        """Keep the last ten minutes as a take of their own."""
        if self._recorder is None:
            notify("nothing is being recorded")
            return
        base = Path(platformdirs.user_videos_dir()) / "latent-cinema"
        name = time.strftime("take-%Y%m%d-%H%M%S")
        taken = len(list(base.glob(f"{name}*")))
        self._recorder.keep(base / (f"{name}-{taken + 1}" if taken else name), ROLLING_S)

    def tend(self, notify: Notify) -> None:
        """Report, once, a recording or plan file that stopped and how keeping went."""
        texts = [self._journals.error]
        if self._last is not None:
            texts += problems(self._last[0])
        if self._plan is not None and self._plan.error:
            texts.append(f"{self._plan.error}; the show goes on")
        if self._recorder is not None:
            texts += [self._recorder.error, self._recorder.news]
        for text in texts:
            if text and text not in self._notified:
                self._notified.add(text)
                notify(text)

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        if self._recorder is None:
            return {"folder": None, "error": ""}
        folder = None if self._rolling else str(self._recorder.folder)
        return {"folder": folder, "rolling": self._rolling, "error": self._recorder.error}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._last is not None:
                self._journals.tend(*self._last, time.monotonic(), is_last=True)
            if self._plan is not None:
                self._plan.close()
        finally:
            if self._recorder is not None:
                self._recorder.close()
                if self._rolling:
                    shutil.rmtree(self._recorder.folder, ignore_errors=True)


def _rolling_folder(notify: Notify) -> Path:
    """Choose where the rolling take goes; rescue the newest one of a performance that died."""
    base = Path(platformdirs.user_cache_dir("latent-cinema"))
    folder, rescued = base / "rolling", base / "rescued"
    now = time.time()
    ages = sorted((now - _newest_s(path), path) for path in folder.glob("*"))
    dead = [path for age, path in ages if age > DEAD_AFTER_S]
    if dead and (dead[0] / "take.toml").exists():
        shutil.rmtree(rescued, ignore_errors=True)
        dead.pop(0).rename(rescued)
        notify(f"the last performance ended unexpectedly; its end is kept as a take in {rescued}")
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"


def _newest_s(folder: Path) -> float:
    """When a take was last written to: a living one is, four times a second."""
    try:
        return max(p.stat().st_mtime for p in (folder, *(folder / "parts").glob("*")))
    except OSError:  # it goes away just now: it was alive
        return time.time()
