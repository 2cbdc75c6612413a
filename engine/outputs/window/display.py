"""Connection to the system's display, and OpenGL windows on it, by GLFW."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import glfw
import moderngl

_CURE = "open a null output with --output null or render a film with latent-cinema export SHOW OUT"


class NoDisplay(OSError):  # noqa: N818 - reads as what is the matter
    """There is no display to open a window on, or no OpenGL 3.3 on it."""


class _Functions:
    """GL functions of the context that GLFW made current, whatever made it (GLX, EGL, WGL, NSGL).

    moderngl's own detection knows GLX, WGL and NSGL only.
    """

    def load_opengl_function(self, name: str) -> int:
        return cast(int, glfw.get_proc_address(name)) or 0

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...

    def release(self) -> None: ...


@contextmanager
def connected() -> Iterator[None]:
    """Connect to the display for the length of a block.

    Raises
    ------
    NoDisplay
        If there is none.
    """
    # The callback silences warnings about what a platform cannot do (Wayland places no windows);
    # what matters is asked for by `_reason`.
    glfw.set_error_callback(lambda *_: None)
    glfw.init_hint(glfw.COCOA_CHDIR_RESOURCES, False)
    if not glfw.init():
        raise NoDisplay(f"{_missing()}: {_CURE}")
    try:
        yield
    finally:
        glfw.terminate()
        glfw.set_error_callback(cast(Any, None))  # None is GLFW's word for "the default"


def _missing() -> str:
    names = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, names)):
        return "No display was found (DISPLAY and WAYLAND_DISPLAY are empty)"
    return f"The display could not be opened ({_reason()})"


def _reason() -> str:
    code, text = glfw.get_error()
    return decoded(text) or f"GLFW error {code}"


def decoded(text: Any) -> str:
    """Decode what GLFW says: bytes, text or nothing."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or "")


def make_window(title: str, share: Any = None) -> Any:
    """Make a hidden window with a forward-compatible OpenGL 3.3 core context.

    Raises
    ------
    NoDisplay
        If the driver has no such context.
    """
    glfw.default_window_hints()
    for hint, value in (
        (glfw.CONTEXT_VERSION_MAJOR, 3), (glfw.CONTEXT_VERSION_MINOR, 3),
        (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE), (glfw.OPENGL_FORWARD_COMPAT, True),
        (glfw.DEPTH_BITS, 0), (glfw.STENCIL_BITS, 0), (glfw.AUTO_ICONIFY, False),
        (glfw.VISIBLE, False),
    ):  # fmt: skip
        glfw.window_hint(hint, value)
    handle = glfw.create_window(640, 360, title, cast(Any, None), share)
    if not handle:
        raise NoDisplay(
            f"No window with OpenGL 3.3 could be opened ({_reason()}): update the graphics driver, "
            f"or {_CURE}"
        )
    return handle


def make_context(handle: Any) -> moderngl.Context:
    """Make a window's context current and wrap it."""
    glfw.make_context_current(handle)
    context = moderngl.create_context(require=330, context=cast(Any, _Functions()))
    _ = context.error  # detecting the framebuffer leaves GL_INVALID_OPERATION pending
    return context


def swap_interval(wanted: int) -> int:
    """Replace an interval of -1 (late swaps tear) by 1 where the current context has none."""
    tears = ("GLX_EXT_swap_control_tear", "WGL_EXT_swap_control_tear")
    if wanted < 0 and not any(glfw.extension_supported(name) for name in tears):
        return 1
    return wanted
