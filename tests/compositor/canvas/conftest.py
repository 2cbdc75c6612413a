"""What lays layers on a canvas."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import pytest

from engine.compositor.canvas.place import Placer
from engine.compositor.isf.passes import Kit


@pytest.fixture(scope="module")
def placer(ctx: moderngl.Context) -> Iterator[Placer]:
    made = Placer(Kit(ctx, 60.0))
    yield made
    made.release()
