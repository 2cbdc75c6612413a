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
Box = tuple[int, int, int, int] | None


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


def shoot(size: str, out: str, words: list[str], keys: list[str], box: Box = None) -> None:
    """Play, press keys, and write what is seen then, or a part of it (left, top, right, bottom)."""
    with screen(size) as display, playing(display, *words) as environ:
        for key in keys:
            subprocess.run(["xdotool", "key", key], env=environ, check=True)
            time.sleep(0.8)
        seen = ImageGrab.grab(xdisplay=display).convert("RGB").crop(box)
    octree = Image.Quantize.FASTOCTREE  # keeps the few amber letters
    seen.quantize(128, octree, dither=Image.Dither.NONE).save(HERE / out, optimize=True)


if __name__ == "__main__":
    (HERE / "window").mkdir(exist_ok=True)
    small = ["--size", "640x360", "--fps", "20"]
    shoot("1280x720", "window/help.png", ["ink", *small], ["F1", "a"])
    learn = ["ink", *small, "--windowed"]
    shoot("800x450", "window/learn.png", learn, ["l", "Down", "Down"], (80, 45, 720, 405))
    # With one monitor both windows are on it; the operator's is half of it, at the lower right.
    words = ["ink", *small, "--windowed", "--operator", "0"]
    operator = (680, 365, 1400, 770)
    shoot("1440x810", "window/operator.png", words, ["3", "h"], operator)
    decks = ["two-decks", *words[1:]]
    shoot("1440x810", "window/decks.png", decks, ["r", *["Right"] * 4], operator)
