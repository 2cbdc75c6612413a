"""Screenshots of the window for the documents: a real performance on a virtual screen.

Run with ``.venv/bin/python docs/window.py`` where Xvfb and xdotool are installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageGrab

HERE = Path(__file__).resolve().parent
SETTLED_S = 6.0


@contextmanager
def screen(size: str) -> Iterator[str]:
    """Start a virtual screen; gives its display."""
    read, write = os.pipe()
    words = ["Xvfb", "-screen", "0", f"{size}x24", "-noreset", "-displayfd", str(write)]
    server = subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as answer:
        yield f":{answer.readline().strip()}"
    server.terminate()
    server.wait()


@contextmanager
def playing(display: str, *words: str) -> Iterator[dict[str, str]]:
    """Play on a display; gives the environment in which keys can be pressed."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        environ = {**os.environ, "DISPLAY": display, "XDG_SESSION_TYPE": "x11", "HOME": folder}
        environ.pop("WAYLAND_DISPLAY", None)
        command = [sys.executable, "-m", "engine.app.cli.main", "play", *words,
                   "--audio", "off", "--osc", "127.0.0.1:0", "--ready", str(ready)]  # fmt: skip
        player = subprocess.Popen(command, env=environ, cwd=HERE.parent)
        while not ready.exists() and player.poll() is None:
            time.sleep(0.1)
        time.sleep(SETTLED_S)
        yield environ
        player.terminate()
        player.wait()


def shoot(size: str, out: str, words: list[str], *keys: str) -> None:
    """Play, press keys, and write what is seen then."""
    with screen(size) as display, playing(display, *words) as environ:
        for key in keys:
            subprocess.run(["xdotool", "key", key], env=environ, check=True)
            time.sleep(1.2)
        seen = ImageGrab.grab(xdisplay=display).convert("RGB")
    seen.quantize(128, dither=Image.Dither.NONE).save(HERE / out, optimize=True)


if __name__ == "__main__":
    (HERE / "window").mkdir(exist_ok=True)
    shoot("1280x720", "window/help.png", ["default", "--fps", "20"], "3", "F1", "h")
