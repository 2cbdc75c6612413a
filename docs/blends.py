"""The picture of all ways of blending, docs/blending.jpg: a gradient over a still, a frame a way.

Run with ``.venv/bin/python docs/blends.py``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from engine.core.show.layer import BLENDS
from engine.system import fonts

HERE = Path(__file__).resolve().parent
CELL, LETTER, COLUMNS = (208, 117), 20, 5
SHOW = """
schema = 1
size_px = [256, 144]
start = "normal"
[autopilot]
on = true
[[layers]]
id = "below"
file = "still-two.jpg"
fit = "fill"
[[layers]]
id = "above"
source = { shader = "gradient" }
"""
CUE = """
[[cues]]
id = "{0}"
after_s = 1.0
next = "{1}"
set = {{ "/layer/above/blend" = "{0}" }}
"""


def frames(folder: Path) -> list[Image.Image]:
    """Export a frame of each way."""
    shutil.copy(HERE / "shaders" / "still-two.jpg", folder)
    cues = map(CUE.format, BLENDS, (*BLENDS[1:], BLENDS[0]))
    (folder / "show.toml").write_text(SHOW + "".join(cues), "utf-8")
    words = ["export", "show.toml", "%02d.png", "--fps", "2", "--duration", str(len(BLENDS))]
    command = [sys.executable, "-m", "engine.app.cli.main", *words]
    subprocess.run(command, cwd=folder, check=True)
    return [Image.open(folder / f"{2 * k + 1:02d}.png").convert("RGB") for k in range(len(BLENDS))]


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Lay them side by side, each with its name below."""
    width, height = CELL[0] + 4, CELL[1] + LETTER + 4
    rows = -(-len(pictures) // COLUMNS)
    made = Image.new("RGB", (width * COLUMNS - 4, height * rows - 4), "white")
    pen = ImageDraw.Draw(made)
    for place, (name, picture) in enumerate(zip(BLENDS, pictures, strict=True)):
        x, y = place % COLUMNS * width, place // COLUMNS * height
        made.paste(picture.resize(CELL), (x, y))
        pen.text((x + 2, y + CELL[1] + 2), name, "black", fonts.whole(14))
    return made


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as there:
        sheet(frames(Path(there))).save(HERE / "blending.jpg", quality=80)
