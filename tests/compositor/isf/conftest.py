"""A context for tests that draw."""

from __future__ import annotations

from collections.abc import Iterator

import moderngl
import pytest

from engine.compositor.gl.context import collect, open_context


@pytest.fixture(scope="package")
def ctx() -> Iterator[moderngl.Context]:
    """An OpenGL context, or a skip where there is none."""
    try:
        opened = open_context()
    except OSError as error:
        pytest.skip(str(error))
    yield opened
    collect(opened)
    opened.release()
