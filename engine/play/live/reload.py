"""Hot reload of shows, shaders and models: read and warmed beside the show, then swapped in.

So is a network whose file is replaced, as a training does again and again.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.shader import file_name
from engine.compositor.isf.warm import Warmer
from engine.core.show.show import Show
from engine.documents.show import load
from engine.documents.show.load import Loaded
from engine.documents.show.shaders.files import split_name
from engine.play.judging import CLOCKS
from engine.play.model_versions import assets_of, hashes, versions_of, watched_paths
from engine.system.foreign import still_file

_READ = (".toml", ".fs", ".vs", ".cube", ".ttf", ".otf", *still_file.SUFFIXES)
_GENTLE = 10  # niceness of the child that draws new shaders while the show plays
TOLD_S = 2.0
"""After this time it is said that a saved shader is still tried out."""
REPLACED_S = 5.0
"""A network is not taken over more often: of many versions in between the newest counts."""


class Reloader:
    """Watches a show's files in a thread; hands over shows whose shaders are known to draw.

    Parameters
    ----------
    loaded
        The show as it plays.
    size_px
        Of the canvas; None is the show's.
    stage
        Called with name and text of each shader that passed its trial, one a call of `poll`: what
        the swap needs is ready before it, and no frame takes all of it.
    """

    def __init__(
        self, loaded: Loaded, size_px: tuple[int, int] | None = None,
        stage: Callable[[str, str], object] = lambda *_: None,
    ) -> None:  # fmt: skip
        self._size_px = size_px or loaded.show.size_px
        self._name = str(loaded.path)
        self._first = loaded.show
        self._assets = assets_of(loaded)
        self._stamps = versions_of(self._assets)
        self._newest: tuple[object, ...] = (*_content(loaded), self._stamps)
        self._replaced_s = -math.inf
        self._folders = _folders(loaded)
        self._read: queue.SimpleQueue[Loaded | str] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="reload", daemon=True)
        self._warmer: Warmer | None = None
        self._candidate: Loaded | None = None
        self._waiting: set[str] = set()
        self._tell_s = math.inf
        self._stage = stage
        self._thread.start()

    def _watch(self) -> None:
        try:
            while not self._stop.is_set():
                self._watch_folders(self._folders)
        except (OSError, RuntimeError) as error:  # no more watches are to be had from the system
            self._read.put(f"changes of the show are not seen any more: {error}")

    def _watch_folders(self, folders: set[Path]) -> None:
        """Watch until the show names files in other folders."""
        from watchfiles import watch

        is_first, is_replaced = True, False
        for changes in watch(
            *(p for p in folders if p.is_dir()), stop_event=self._stop, debounce=100, step=50,
            recursive=False, raise_interrupt=False, rust_timeout=1000, yield_on_timeout=True,
        ):  # fmt: skip
            names = {Path(name) for _, name in changes}
            is_replaced |= not names.isdisjoint(watched_paths(self._assets))
            is_time = is_replaced and time.monotonic() - self._replaced_s >= REPLACED_S
            # The first time without a look: what was saved before the watch stood is seen too.
            if is_first or is_time or any(name.suffix.lower() in _READ for name in names):
                self._read_again()
                is_replaced = False
            if self._folders != folders:
                return
            is_first = False

    def _read_again(self) -> None:
        """Read the show; hand it over unless it is as it was when it was last read."""
        # Before, so that what is replaced meanwhile is seen as a change.
        stamps = versions_of(self._assets)
        try:
            found = load.load(self._name)
        except (ValueError, OSError) as error:
            self._newest = ()
            self._read.put(f"{error}; the old show goes on")
            return
        if (*_content(found), stamps) == self._newest:
            return
        replaced = [path for path, stamp in stamps.items() if stamp != self._stamps.get(path)]
        if replaced:
            self._replaced_s = time.monotonic()
        self._assets, self._folders = assets_of(found), _folders(found)
        self._stamps = {path: stamps.get(path, s) for path, s in versions_of(self._assets).items()}
        self._newest = (*_content(found), self._stamps)
        self._read.put(replace(found, replaced=hashes(replaced)))

    def poll(self, playing: Show, now_s: float) -> Loaded | str | None:
        """Return a show that may be swapped in, or why a change is refused, or None.

        Never waits: shaders are compiled and drawn in a child process first.
        """
        try:
            found = self._read.get_nowait()
        except queue.Empty:
            return self._warm(now_s)
        self._candidate = None
        if isinstance(found, str):
            return found
        problem = _incompatible(self._first, found.show)
        if problem:
            return problem
        self._candidate = found
        fresh = {
            name: text
            for name, text in found.show.shaders.items()
            if playing.shaders.get(name) != text
        }
        self._waiting, self._tell_s = set(fresh), now_s + TOLD_S
        if fresh and self._warmer is None:
            self._warmer = Warmer(self._size_px, CLOCKS, nice=_GENTLE)
        for name, text in fresh.items():
            assert self._warmer is not None
            self._warmer.submit(name, text)
        return self._warm(now_s)

    def trial(self, now_s: float) -> str:
        """Say once which shaders are tried out, if it takes long; empty: nothing is to be said."""
        if self._candidate is None or not self._waiting or now_s < self._tell_s:
            return ""
        self._tell_s = math.inf
        names = ", ".join(sorted(map(file_name, self._waiting)))
        return f"{names}: saved, and tried out in another process; the old one goes on meanwhile"

    def _warm(self, now_s: float) -> Loaded | str | None:
        candidate, is_staged = self._candidate, False
        if self._warmer is not None:
            self._warmer.tend(now_s)
            for name, text, error, *_ in self._warmer.poll():
                if candidate is None or candidate.show.shaders.get(name) != text:
                    continue
                if error is not None:
                    self._candidate = None
                    return f"{error}; the old shader goes on"
                self._waiting.discard(name)
                try:
                    self._stage(name, text)
                except ShaderError as refused:
                    self._candidate = None
                    return f"{refused}; the old shader goes on"
                is_staged = True  # the swap is for the next frame
        if candidate is not None and not self._waiting and not is_staged:
            self._candidate = None
            return candidate
        return None

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._warmer is not None:
            self._warmer.close()
        self._thread.join(timeout=3)


def _content(loaded: Loaded) -> tuple[object, ...]:
    return loaded.text, dict(loaded.show.shaders), dict(loaded.show.files)


def _folders(loaded: Loaded) -> set[Path]:
    found = {path.parent for path in watched_paths(assets_of(loaded))}
    found |= {p.resolve().parent for p in loaded.shader_paths.values()}
    for name in loaded.show.files:
        shader, path = split_name(name) or ("", name)
        beside = loaded.shader_paths.get(shader, loaded.path)
        if beside is not None:
            found.add((beside.resolve().parent / path).parent.resolve())
    if loaded.path is not None:
        found |= {loaded.path.resolve().parent, loaded.path.resolve().parent / "shaders"}
    return found


def _incompatible(playing: Show, new: Show) -> str:
    """Say what cannot change while a show plays."""
    for key in ("control_hz", "picture_hz", "size_px"):
        if getattr(playing, key) != getattr(new, key):
            return f"{key} changed: stop and play the show again for that; the old one goes on"
    return ""
