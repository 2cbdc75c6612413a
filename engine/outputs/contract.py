"""Contract of an output: where finished pictures go, such as a window, a film or a network.

An output is one Python file: on this shelf, in a folder of it, or in an installed package that
names it under the entry points ``latent_cinema.outputs``. Its kind, in ``[[outputs]]`` of a show,
is the file's name (of an entry point: its name). `null` is the smallest one; copy it. The file has

``Config``
    A frozen dataclass whose fields are the keys of ``config`` in the show. Some are not the show's:
    ``path`` has to be a new file below the folder in which `play` was started (a show never writes
    elsewhere or over anything; with ``--output`` the operator may), ``audio`` is the film's sound,
    ``is_blocking`` is false live; ``host`` and ``port`` are where it sends to: this machine, or a
    host that the operator allowed with ``--dmx HOST``.
``open(config, size_px, fps)``
    A context manager that gives an `Output`. OSError or ValueError, with one sentence, if it cannot
    be opened.
``SUFFIXES``
    Optional: how the files end that `export` and ``--output FILE`` write with it.
``check(config, size_px)``
    Optional: ValueError or OSError, with one sentence, where `open` would refuse, before a film is
    rendered.
``IS_ONLY_SEEN``
    Optional: true of an output whose pictures are looked at and gone. Where all are so, a machine
    that cannot keep up draws smaller pictures and fewer; beside any other they stay whole.
``OWNS_CONTEXT``
    Optional: true of an output that brings the GL context in which everything is drawn (``ctx``)
    and takes keys and overlays, as a window does. A show has one such output at most.

An open output may have more, which is used where it is there: ``dropped``, a count of pictures
(or packets) that it left out because it was slow; ``send(address, value)``, by which it is told
parameters as a sink of `engine.play.live.feedback` is. Live it never waits for a disk or an
encoder: what does not fit into a bounded queue is dropped and counted (`engine.outputs.writer` does
so). One that fails is closed, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Picture(Protocol):
    """A finished picture, as every output takes it."""

    @property
    def texture(self) -> Any:
        """A moderngl RGBA8 texture, sRGB-encoded, memory row 0 at the top; to be enlarged where it
        is smaller than `size_px` (`read` does so).
        """  # noqa: D205 - one sentence and its rule

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""

    def light(self, size_px: tuple[int, int]) -> NDArray[np.float32] | None:
        """Mean linear light in 0..1 of so many columns and rows of parts [shape=(H, W, 3)], row 0
        at the top, without waiting: of the picture that was asked before; None at first.
        """  # noqa: D205 - one sentence and its rule

    def read(self, format: str) -> NDArray[Any]:
        """Pixels as ``rgb24``, ``rgba`` (uint8), ``rgb48`` or ``rgb30`` (uint16, the latter in 1024
        steps) [shape=(H, W, C)], row 0 at the top, read back once for all outputs. The array
        belongs to this frame: nobody writes into it afterwards.
        """  # noqa: D205 - one sentence and its rule


class Output(Protocol):
    """An open output."""

    def write(self, frame: int, picture: Picture) -> None:
        """Take the picture of a frame; frames come in order, skipped ones are missing."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a film.

    Parameters
    ----------
    channels
        1, 2 or 6.
    read
        ``read(start_sample, count)`` → float32 in -1..1 [shape=(count, channels)]. Sample 0 is
        heard with the first picture; where fewer rows come back, silence follows. It is called
        from the output's own thread.
    """

    rate_hz: int
    channels: int
    read: Callable[[int, int], NDArray[np.float32]]
