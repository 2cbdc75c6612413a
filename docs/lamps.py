"""Draw docs/lamps.jpg: ``python docs/lamps.py`` in a clone.

A picture of the default show, the parts of it that some lamps see, and the colours that they get:
those that an output of kind `dmx` sends.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.outputs.dmx.fixtures import Fixture, Grid, grid_for
from engine.play.film.export import Job, render
from engine.play.film.playback import open_playback

OUT = Path(__file__).with_name("lamps.jpg")
WIDTH, HEIGHT, STRIP, SECONDS = 640, 360, 36, Fraction(30)
LAMPS = (
    Fixture(1, 1, area=(0.02, 0.05, 0.22, 0.75)),
    Fixture(1, 4, polygon=((0.5, 0.08), (0.72, 0.7), (0.28, 0.7))),
    Fixture(1, 7, area=(0.78, 0.05, 0.98, 0.75)),
    Fixture(2, 1, area=(0.0, 0.85, 1.0, 1.0), pixels=(40, 1)),
)


def main() -> None:
    """Render one picture, look at it as lamps do, and draw both."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder, "f-%05d.png"), (WIDTH, HEIGHT), Fraction(2), SECONDS, SECONDS + 1)
        render(open_playback("default"), job)
        shown = Image.open(sorted(Path(folder).glob("*.png"))[-1]).convert("RGB")
    rgb = np.asarray(shown) / 255.0
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    width, height = grid_for(LAMPS)
    grid = Grid(_shrink(light, (width, height)))
    sheet = Image.new("RGB", (WIDTH, HEIGHT + STRIP + 90), "#15171a")
    sheet.paste(shown)
    draw = ImageDraw.Draw(sheet)
    for number, lamp in enumerate(LAMPS):
        colours = lamp.seen_in((width, height))(grid)
        corners = lamp.polygon or _corners(lamp.area)
        draw.polygon([(x * WIDTH, y * HEIGHT) for x, y in corners], outline="white", width=2)
        if len(colours) == 1:
            x, y = WIDTH * (0.2 + 0.3 * number), HEIGHT + STRIP + 48
            draw.ellipse((x - 34, y - 34, x + 34, y + 34), fill=_srgb(colours[0]))
        else:
            for place, colour in enumerate(colours):
                left = place * WIDTH / len(colours)
                right = left + WIDTH / len(colours) - 2
                draw.rectangle((left, HEIGHT + 8, right, HEIGHT + STRIP), fill=_srgb(colour))
    sheet.save(OUT, quality=88)


def _corners(area: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    left, top, right, bottom = area
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _shrink(light: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Mean of each part."""
    rows = np.array_split(light, size_px[1], axis=0)
    lines = [
        [part.mean(axis=(0, 1)) for part in np.array_split(row, size_px[0], 1)] for row in rows
    ]
    return np.array(lines, np.float32)


def _srgb(light: np.ndarray) -> tuple[int, ...]:
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return tuple(np.rint(255.0 * coded).astype(int).tolist())


if __name__ == "__main__":
    main()
