"""Draw the controllers of docs/control.md with what their maps move.

``python docs/controllers.py``, in a clone.
What is written on each control comes from its file in ``presets/controllers``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from engine.documents.show.device_maps import read_map, shipped

OUT = Path(__file__).parent / "control"
CELL = 84
PAPER, BODY, EDGE, INK = "#ffffff", "#2b2e33", "#4a4f57", "#f2f2f0"
COLOURS = {
    "scene": "#3f7d4e", "layer": "#41659b", "macro": "#b06f2c", "fly": "#7d5296", "list": "#3f7d4e",
    "bright": "#8a8d92", "dark": "#a34343", "freeze": "#3b8793", "auto": "#8b8a34",
}  # fmt: skip
WORDS = [
    (r"/layer/(\d+)/opacity", r"layer\n\1"),
    (r"/layer/(\d+)/path/jump", r"fly\nlayer \1"),
    (r"/layer/(\d+)/path/speed", r"layer \1\nspeed"),
    (r"/macro/(\d+)", r"macro\n\1"),
    (r"/cue/(\d+)/go", r"scene\n\1"),
    (r"/cues/fade", r"list\nfade"),
    (r"/cues/(\w+)", r"list\n\1"),
    (r"/master/jump", r"fly\nall"),
    (r"/master/steer_release", r"let\ngo"),
    (r"/master/steer_(\w)", r"steer\n\1"),
    (r"/master/brightness", r"bright-\nness"),
    (r"/master/blackout", r"dark"),
    (r"/master/truncation", r"trun-\ncation"),
    (r"/master/(\w+)", r"\1"),
    (r"/autopilot/on", r"auto-\npilot"),
    (r"/transport/(\w+)", r"\1"),
    (r"/show/save", r"save"),
]


class Place(NamedTuple):
    """A control on the drawing: its name, where (in cells), its shape, and its size in cells."""

    control: str
    x: float
    y: float
    shape: str = "pad"
    w: float = 1.0
    h: float = 1.0


def label(address: str) -> str:
    """Write an address on a control."""
    for pattern, text in WORDS:
        if re.fullmatch(pattern, address):
            return re.sub(pattern, text, address)
    return address


def nanokontrol2() -> Iterator[Place]:
    """Eight strips, and the transport on the left."""
    for n, control in enumerate((58, 59, None, 46, 60, 61, 62)):
        if control is not None:
            yield Place(f"midi/1/cc/{control}", n % 3 if n < 3 else (n - 3), 0.1 + (n > 2))
    for n, control in enumerate((43, 44, 42, 41, 45)):
        yield Place(f"midi/1/cc/{control}", n * 0.8, 2.6, w=0.8)
    for n in range(8):
        x = 4.6 + 1.7 * n
        yield Place(f"midi/1/cc/{16 + n}", x + 0.8, 0.0, "knob", 0.9, 0.9)
        yield Place(f"midi/1/cc/{n}", x + 0.85, 1.1, "fader", 0.8, 2.4)
        for row, first in enumerate((32, 48, 64)):
            yield Place(f"midi/1/cc/{first + n}", x, 0.9 + 0.9 * row, w=0.8, h=0.8)


def apc40_mk2() -> Iterator[Place]:
    """Pads, strips, knobs."""
    for n in range(8):
        yield Place(f"midi/1/cc/{48 + n}", n, 0.0, "knob")
        for row in range(5):
            yield Place(f"midi/1/note/{8 * (4 - row) + n}", n, 1.2 + row)
        yield Place(f"midi/{n + 1}/note/52", n, 6.4, h=0.8)
        yield Place(f"midi/{n + 1}/note/50", n, 7.3, h=0.8)
        yield Place(f"midi/{n + 1}/cc/7", n, 8.3, "fader", 1.0, 2.2)
    for row in range(3):
        yield Place(f"midi/1/note/{82 + row}", 8.2, 1.2 + row)
    yield Place("midi/1/note/81", 8.2, 6.4, h=0.8)
    yield Place("midi/1/cc/47", 8.2, 7.3, "knob", 0.9, 0.9)
    yield Place("midi/1/cc/14", 8.2, 8.3, "fader", 1.0, 2.2)
    for n, control in enumerate((91, 93, 102)):
        yield Place(f"midi/1/note/{control}", 9.7 + n, 0.1)
    yield Place("midi/1/cc/13", 12.7, 0.1, "knob", 0.9, 0.9)
    for n, control in enumerate((90, 99)):
        yield Place(f"midi/1/note/{control}", 9.7 + n, 1.3)
    for n in range(8):
        yield Place(f"midi/1/cc/{16 + n}", 9.7 + n % 4, 5.0 + n // 4, "knob")
    yield Place("midi/1/cc/15", 9.8, 8.8, "fader", 3.6, 0.9)


def launchpad() -> Iterator[Place]:
    """Nine by nine."""
    for n in range(8):
        yield Place(f"midi/1/cc/{91 + n}", n, 0.0, "round")
        yield Place(f"midi/1/cc/{89 - 10 * n}", 8.1, 1.1 + n, "round")
        for row in range(8):
            yield Place(f"midi/1/note/{81 - 10 * row + n}", n, 1.1 + row)


def midi_fighter_twister() -> Iterator[Place]:
    """Two banks side by side: what a turn moves, and below it what a press does."""
    for bank in range(2):
        for n in range(16):
            x, y = 4.6 * bank + n % 4, 1.75 * (n // 4)
            yield Place(f"midi/1/cc/{16 * bank + n}", x, y, "knob")
            yield Place(f"midi/2/cc/{16 * bank + n}", x + 0.1, y + 1.0, w=0.8, h=0.55)


def draw(places: list[Place], moved: dict[str, str]) -> Image.Image:
    """Draw a controller."""
    width = max(p.x + p.w for p in places) + 0.6
    height = max(p.y + p.h for p in places) + 0.6
    picture = Image.new("RGB", (int(width * CELL), int(height * CELL)), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((2, 2, picture.width - 3, picture.height - 3), 18, BODY)
    for place in places:
        box = [
            (place.x + 0.3) * CELL + 3, (place.y + 0.3) * CELL + 3,
            (place.x + place.w + 0.3) * CELL - 3, (place.y + place.h + 0.3) * CELL - 3,
        ]  # fmt: skip
        text = label(moved.get(place.control, ""))
        colour = next((c for word, c in COLOURS.items() if text.startswith(word)), "#5d636c")
        _shape(pen, place.shape, box, colour if text else BODY)
        if text:
            rows = text.replace("\\n", "\n")
            rows = rows.replace("\n", " ") if place.h < 0.6 else rows
            size = 15 if max(map(len, rows.split("\n"))) <= 6 else 12
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            pen.multiline_text(middle, rows, INK, ImageFont.load_default(size), "mm", 2, "center")
    return picture


def _shape(pen: ImageDraw.ImageDraw, shape: str, box: list[float], colour: str) -> None:
    if shape in ("knob", "round"):
        pen.ellipse(box, colour, EDGE, 2)
    else:
        pen.rounded_rectangle(box, 7, colour, EDGE, 2)
    if shape == "knob":  # where it points
        middle = (box[0] + box[2]) / 2
        pen.line((middle, box[1] + 3, middle, box[1] + 12), INK, 3)
    if shape == "fader" and box[3] - box[1] > box[2] - box[0]:
        middle = (box[0] + box[2]) / 2
        pen.line((middle, box[1] + 8, middle, box[1] + 50), INK, 3)
        pen.rounded_rectangle((box[0] + 14, box[1] + 22, box[2] - 14, box[1] + 36), 4, INK)


def main() -> None:
    """Draw all of them."""
    OUT.mkdir(exist_ok=True)
    for path in shipped():
        moved = {each.control: each.address for each in read_map(path).mappings}
        places = list(globals()[path.stem]())
        missing = set(moved) - {each.control for each in places}
        picture = draw(places, moved)
        picture.quantize(64).save(OUT / f"{path.stem}.png", optimize=True)
        print(path.stem, picture.size, "not drawn:", ", ".join(sorted(missing)) or "nothing")


if __name__ == "__main__":
    main()
