"""Judging of a show's shaders before it is drawn: this process hears no signal while it draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from engine.compositor.isf.shader import file_name
from engine.compositor.isf.warm import Answer, Pictures, Warmer
from engine.core.show.show import Show
from engine.documents.assets import assets_dir
from engine.documents.show.load import ShowError

CLOCKS = time.process_time, time.perf_counter
_REST_S = 0.004


def judge_shaders(show: Show, most_s: float, is_wanted: Callable[[], bool] = lambda: True) -> bool:
    """Let a child process draw every shader that did not come with the program; wait for it.

    Parameters
    ----------
    most_s
        What a frame may take at the show's size; see `engine.compositor.isf.check.judge`.
    is_wanted
        Asked all the while.

    Returns
    -------
    bool
        False if it was given up because nobody wants it any more.

    Raises
    ------
    ShowError
        If one does not compile, crashes or takes too long, with figures.
    """
    foreign = {name: text for name, text in show.shaders.items() if not _is_shipped(name, text)}
    found = refusals(foreign, show.size_px, most_s, is_wanted)
    for error in (found or {}).values():
        raise ShowError(error)
    return found is not None


def refusals(
    texts: Mapping[str, str], size_px: tuple[int, int], most_s: float,
    is_wanted: Callable[[], bool] = lambda: True,
) -> dict[str, str] | None:  # fmt: skip
    """Wait until shaders are judged, while `is_wanted`; return what is wrong with those refused."""
    found: dict[str, str] = {}
    if not texts:
        return found
    with closing(Warmer(size_px, CLOCKS, most_s)) as warmer:
        for answer in answers(warmer, texts, is_wanted):
            if answer is None:
                return None
            if answer.error is not None:
                found[answer.name] = answer.error
    return found


def answers(
    warmer: Warmer,
    texts: Mapping[str, str],
    is_wanted: Callable[[], bool] = lambda: True,
    pictures: Pictures | None = None,
) -> Iterator[Answer | None]:
    """Wait for the answer to each shader; None, and no more, when nobody wants them."""
    for name, text in texts.items():
        warmer.submit(name, text, pictures)
    waiting = len(texts)
    while waiting:
        if not is_wanted():
            yield None
            return
        time.sleep(_REST_S)
        warmer.tend(time.monotonic())
        for answer in warmer.poll():
            waiting -= 1
            yield answer


class Trials:
    """A show's own shaders while it begins: none is drawn here before the child has drawn it.

    Attributes
    ----------
    unfit
        Name → text of those that must not be drawn: not judged yet, or refused.
    refused
        Name → why.
    """

    def __init__(self, show: Show, most_s: float) -> None:
        foreign = {n: text for n, text in show.shaders.items() if not _is_shipped(n, text)}
        self.unfit, self.refused = dict(foreign), dict[str, str]()
        self._warmer = Warmer(show.size_px, CLOCKS, most_s) if foreign else None
        for name, text in foreign.items():
            self._warmer.submit(name, text)  # type: ignore[union-attr]

    @property
    def waiting(self) -> list[str]:
        """Names of those that are not judged yet."""
        return [name for name in self.unfit if name not in self.refused]

    def tend(self, now_s: float) -> Iterator[Answer]:
        """Take the answers that have come since the last call; those without error are fit."""
        if self._warmer is None:
            return
        self._warmer.tend(now_s)
        for answer in self._warmer.poll():
            if answer.error is None:
                self.unfit.pop(answer.name, None)
            else:
                self.refused[answer.name] = answer.error
            yield answer
        if not self.waiting:
            self.close()

    def doing(self, show: Show) -> dict[str, str]:
        """Layer → which shader it waits for, in words."""
        return {
            layer.id: f"waits for {file_name(effect.shader)}, which is tried out"
            for layer in show.layers
            for effect in (*filter(None, (layer.source,)), *layer.effects)
            if effect.shader in self.waiting
        }

    def forget(self, name: str) -> None:
        """Have nothing against a shader any more: there is another text of it, which was judged."""
        self.unfit.pop(name, None)
        self.refused.pop(name, None)

    def close(self) -> None:
        """End the child."""
        if self._warmer is not None:
            self._warmer.close()
            self._warmer = None


def _is_shipped(name: str, text: str) -> bool:
    path = assets_dir("shaders") / file_name(name)
    return path.is_file() and path.read_text("utf-8") == text
