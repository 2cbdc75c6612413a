"""JACK's own library, where JACK carries the MIDI: to find it, and to hear of its end."""

from __future__ import annotations

import ctypes
import glob
import os
from collections.abc import Callable
from typing import Any

_LIBRARY = "libjack.so.0"
_NO_START_SERVER = 1
_OnShutdown = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def is_running() -> bool:
    """Whether a server seems to be there: what jackd2 leaves in shared memory."""
    server = os.environ.get("JACK_DEFAULT_SERVER", "default")
    return bool(glob.glob(f"/dev/shm/jack_{server}_*"))


def load_library() -> Any:
    """Load the system's libjack, so that it is found before the one in a wheel.

    The wheels of RtMidi bundle one that does not speak jackd2's protocol.

    Raises
    ------
    OSError
        If there is none.
    """
    return ctypes.CDLL(_LIBRARY, mode=ctypes.RTLD_GLOBAL)


def watch_server(client: str) -> Callable[[], bool]:
    """Say from now on whether the server has ended: RtMidi is told nothing of it.

    Without the system's library nobody can say, and it is taken to live.
    """
    ended: list[bool] = []
    try:
        library = load_library()
    except OSError:
        return lambda: False
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _OnShutdown, ctypes.c_void_p]
    on_shutdown = _OnShutdown(lambda _: ended.append(True))
    handle = library.jack_client_open(f"{client} watch".encode(), _NO_START_SERVER, None)
    if handle:
        library.jack_on_shutdown(handle, on_shutdown, None)
    # What the library calls must live as long as the one who asks.
    return lambda: bool(ended) and on_shutdown is not None
