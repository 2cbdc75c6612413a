"""A real window under a real X server, played by keys and mouse; the take tells what they did."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import ImageGrab, features

from engine.documents.take.reader import open_take
from engine.outputs.window import testcard
from tests.performing import LIMIT_S, until

SHOW = """
schema = 1
size_px = [320, 180]
start = "one"
[autopilot]
on = true
[[layers]]
id = "a"
[layers.generator]
kind = "cppn"
size_px = 64
parameters = { black = 0.0 }
[[cues]]
id = "one"
key = "1"
[[cues]]
id = "two"
key = "2"
[cues.set]
"/layer/a/opacity" = 0.5
"""


BARS = {(191, 0, 0), (0, 191, 0), (0, 0, 191)}  # of the test card


@pytest.fixture(scope="module")
def display():
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("Xvfb or xdotool is not installed")
    if not features.check("xcb"):
        pytest.skip("this Pillow cannot take pictures of an X screen")
    read, write = os.pipe()
    words = "-screen 0 640x480x24 -nolisten tcp -noreset -displayfd"
    server = subprocess.Popen(
        ["Xvfb", *words.split(), str(write)],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    if not number:
        pytest.skip("Xvfb does not start here")
    yield f":{number}"
    server.terminate()
    server.wait()


class Performance:
    """A running `play` and the hands that play it."""

    def __init__(self, display: str, folder: Path) -> None:
        self.display, self.folder = display, folder
        (folder / "show.toml").write_text(SHOW)
        self.environ = {
            **os.environ,
            "DISPLAY": display,
            "XDG_SESSION_TYPE": "x11",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_VIDEOS_DIR": str(folder / "videos"),
            "HOME": str(folder),
        }
        self.environ.pop("WAYLAND_DISPLAY", None)
        command = (
            "play show.toml --output seen.mp4 --output window --windowed --osc 127.0.0.1:0 "
            "--audio off --take take --ready ready.json --stats stats.json --duration 3600"
        )
        with (folder / "stderr").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "engine.app.cli.main", *command.split()],
                cwd=folder, env=self.environ, stderr=said,
            )  # fmt: skip
        self.until(lambda: (folder / "ready.json").exists())

    def until(self, is_so) -> None:
        def has_happened() -> bool:
            assert self.process.poll() is None, (self.folder / "stderr").read_text()
            return bool(is_so())

        until(has_happened, lambda: (self.folder / "stderr").read_text())

    def do(self, words: str) -> None:
        subprocess.run(["xdotool", *words.split()], env=self.environ, check=True)

    def light(self) -> float:
        """Mean brightness of the screen, 0..255."""
        picture = ImageGrab.grab(xdisplay=self.display).convert("L").resize((1, 1))
        return float(picture.getpixel((0, 0)))

    def colours(self) -> set[tuple[int, int, int]]:
        picture = ImageGrab.grab(xdisplay=self.display).convert("RGB")
        return {colour for _, colour in picture.getcolors(1 << 20)}

    def addresses(self) -> list[str]:
        """What the take has recorded so far."""
        lines = [
            line
            for part in sorted((self.folder / "take" / "parts").glob("*.jsonl"))
            for line in part.read_text().splitlines()
        ]
        return [json.loads(line)[1] for line in lines if line.startswith("[")]


def test_keys_and_mouse_play_the_show(display, tmp_path):
    show = Performance(display, tmp_path)
    show.until(lambda: show.light() > 2)

    show.do("key 2")
    show.until(lambda: "/cue/two/go" in show.addresses())
    show.do("key space")
    show.until(lambda: "/master/jump" in show.addresses())

    show.do("key b")
    show.until(lambda: show.light() < 1)  # black, at once
    show.do("key b")
    show.until(lambda: show.light() > 2)
    show.do("key h")
    show.until(lambda: "/master/freeze" in show.addresses())
    show.do("key h")
    show.do("key a")
    show.until(lambda: "/autopilot/on" in show.addresses())
    show.do("key Tab")
    show.until(lambda: "/transport/tap" in show.addresses())

    show.do("mousemove 320 240 mousedown 1 mousemove 360 260 mousemove 400 280 mouseup 1")
    show.until(lambda: "/master/steer_x" in show.addresses())
    show.do("click 5")  # the wheel, towards the hand
    show.until(lambda: "/master/truncation" in show.addresses())

    show.do("key t")
    show.until(lambda: show.colours() >= BARS)  # the test card
    show.do("key t")
    show.until(lambda: not show.colours() >= BARS)
    show.do("key f")  # full screen: the picture is enlarged
    show.do("key Escape")
    show.do("key F1")
    show.do("key F1")
    show.do("key k")
    show.until(lambda: list(tmp_path.rglob("take-*/take.toml")) != [])

    jumps = show.addresses().count("/master/jump")
    show.do("keydown ctrl keydown q keyup q keyup ctrl")
    show.do("key space")
    show.until(lambda: show.addresses().count("/master/jump") > jumps)  # a short press is no end
    show.do("keydown ctrl keydown q")
    assert show.process.wait(LIMIT_S) == 0
    show.do("keyup q keyup ctrl")

    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["output"] == "window"
    assert stats["frames"] > 20
    film, window = stats["outputs"]
    assert (film["kind"], film["error"]) == ("film", "")
    assert film["written"] == window["written"] == stats["frames"]
    with av.open(str(tmp_path / "seen.mp4")) as file:
        pictures = [f.to_ndarray(format="rgb24").astype(int) for f in file.decode(video=0)]
    assert len(pictures) >= stats["frames"]  # a frame that was skipped or dropped is held
    card = testcard.draw((320, 180), "")
    assert min(np.abs(p - card).mean() for p in pictures) > 10  # that is the operator's alone
    kept = open_take(next(tmp_path.rglob("take-*/take.toml")).parent)
    assert any(e.address == "/cue/two/go" for t in range(kept.last_tick) for e in kept.events_of(t))
