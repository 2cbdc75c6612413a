"""OpenGL context without a window (EGL on Linux)."""

from __future__ import annotations

import sys
from typing import Any

import moderngl

_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "basic render")


def open_context() -> moderngl.Context:
    """Open a headless OpenGL 3.3 core context: EGL on Linux, the system's own elsewhere.

    Raises
    ------
    OSError
        If this machine has no OpenGL 3.3.
    """
    backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        ctx = moderngl.create_context(standalone=True, require=330, **backend)
    except Exception as error:  # glcontext raises bare Exception, whatever the cause
        raise OSError(
            f"OpenGL 3.3 could not be opened ({error}): install a graphics driver, or on Debian "
            "without a GPU: apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"
        ) from error
    ctx.gc_mode = "context_gc"
    return ctx


def collect(ctx: moderngl.Context) -> None:
    """Free the GL objects that Python has dropped, in the context's own thread.

    moderngl's `Context.gc` stops at the first object that had been released by hand.
    """
    while ctx.objects:
        item = ctx.objects.popleft()
        if hasattr(item, "release"):
            item.release()


def is_software(ctx: moderngl.Context) -> bool:
    """Whether OpenGL runs on the CPU."""
    renderer = str(ctx.info["GL_RENDERER"]).lower()
    return any(name in renderer for name in _SOFTWARE)
