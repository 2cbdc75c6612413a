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
    """Wait until shaders are judged; return what is wrong with those that are refused.

    Parameters
    ----------
    texts
        By name.
    is_wanted
        Asked all the while; when it says no the answer is None.
    """
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


def _is_shipped(name: str, text: str) -> bool:
    path = assets_dir("shaders") / file_name(name)
    return path.is_file() and path.read_text("utf-8") == text
