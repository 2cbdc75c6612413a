"""Pictures that OpenGL draws instead of a process: what a generator's shaders are, as data.

A module of the shelf may have ``drawing(config) -> Drawing | None``; None: not this config. It is
used in performances where OpenGL is hardware, and gives the pictures of `Generator.render` within
2/255. Films, tasks and machines without a GPU go on as without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request


class DrawnPass(NamedTuple):
    """One fragment shader over a picture, GLSL 3.30.

    Parameters
    ----------
    name
        Under which the passes after it sample it.
    fragment
        Its text: it writes ``host_Color``; row 0 is the top row. All have the uniform block
        ``Numbers { vec4 numbers[…]; }``.
    margin_px
        How many pixels more it has on every side.
    """

    name: str
    fragment: str
    margin_px: int = 0


class Given(NamedTuple):
    """What the passes are given of one picture.

    `numbers` fill the block [shape=(N, 4)]; `tables` are textures by name [shape=(V, U, 4)].
    """

    numbers: NDArray[np.float32]
    tables: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Passes, the last of which is the picture; and what each request means to them."""

    passes: tuple[DrawnPass, ...]
    given: Callable[[Request], Given]
