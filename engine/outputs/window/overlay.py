"""Operator overlay: messages, meters, and what all that lies over the picture is drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.system import fonts

PANEL = (14, 15, 18, 216)
TEXT = (232, 230, 225, 255)
DIM = (150, 148, 144, 255)
KEY = (240, 190, 104, 255)
BAR = (112, 178, 168, 255)
LATE = (232, 96, 62, 255)


def font(size_px: int) -> Any:
    """Load the font that has letters for cues and messages of most of Europe."""
    return fonts.whole(max(6, size_px))


@dataclass(frozen=True, slots=True)
class Meters:
    """What the strip below the operator's picture shows.

    Parameters
    ----------
    level
        Loudness of the sound, 0 to 1.
    texts
        Figures, from left to right.
    flags
        What the operator must not forget: blackout, frozen.
    """

    level: float = 0.0
    texts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def draw_meters(meters: Meters, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the strip: a bar for the sound, figures, and in amber what must not be forgotten.

    Returns
    -------
    ndarray
        Straight alpha, row 0 at the top [shape=(H, W, 4)].
    """
    width, height = size_px
    strip = Image.new("RGBA", size_px, (*PANEL[:3], 255))
    draw = ImageDraw.Draw(strip)
    face, gap = font(round(height * 0.5)), round(height * 0.7)
    middle, left = height / 2, gap + round(face.getlength("sound ")) + 2
    draw.text((gap, middle), "sound", DIM, face, anchor="lm")
    bar = left, round(height * 0.35), left + 4 * height, round(height * 0.65)
    draw.rectangle(bar, fill=(44, 46, 52, 255))
    level = bar[0] + (bar[2] - bar[0]) * min(max(meters.level, 0.0), 1.0)
    draw.rectangle((bar[0], bar[1], level, bar[3]), fill=BAR)
    x = float(bar[2] + gap)
    for text, colour in (*((t, KEY) for t in meters.flags), *((t, TEXT) for t in meters.texts)):
        shown = cut(text, face, width - gap - x)
        draw.text((x, middle), shown, colour, face, anchor="lm")
        x += face.getlength(shown) + gap
    return np.asarray(strip)


def draw_messages(
    texts: Sequence[str], height_px: int = 40, most_px: int = 1600
) -> NDArray[np.uint8]:
    """Draw lines of text below each other, each on a panel as wide as it needs, up to `most_px`.

    Returns
    -------
    ndarray
        Straight alpha, row 0 at the top [shape=(H, W, 4)].
    """
    panels = [_draw_message(text, height_px, most_px) for text in texts]
    gap = height_px // 5
    width = max(panel.shape[1] for panel in panels)
    drawn = np.zeros((len(panels) * (height_px + gap) - gap, width, 4), np.uint8)
    for place, panel in enumerate(panels):
        top = place * (height_px + gap)
        drawn[top : top + height_px, : panel.shape[1]] = panel
    return drawn


def _draw_message(text: str, height_px: int, most_px: int) -> NDArray[np.uint8]:
    face = font(round(height_px * 0.46))
    line = cut(text, face, most_px - height_px)
    panel, draw = new_panel((round(face.getlength(line)) + height_px, height_px), height_px // 4)
    draw.rectangle((0, 0, max(2, height_px // 10), height_px), fill=KEY)
    draw.text((height_px * 0.55, height_px / 2), line, TEXT, face, anchor="lm")
    return np.asarray(panel)


def cut(text: str, face: Any, room_px: float) -> str:
    """Spell a text on one line no wider than there is room, with … where it ends early."""
    line = " ".join(text.split())
    if face.getlength(line) <= room_px:
        return line
    while line and face.getlength(line + "…") > room_px:
        line = line[: min(len(line) - 1, int(len(line) * 0.95))]
    return line + "…" if line else ""


def new_panel(size_px: tuple[int, int], radius: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Make a panel with round corners to draw on."""
    panel = Image.new("RGBA", size_px, PANEL)
    panel.putalpha(_mask(size_px, radius))
    return panel, ImageDraw.Draw(panel)


@lru_cache(maxsize=4)
def _mask(size_px: tuple[int, int], radius: int) -> Image.Image:
    """Round the corners, smoothly: opacity by the distance to the rounded edge."""
    x, y = (np.arange(n, dtype=np.float32) + 0.5 for n in size_px)
    away_x = np.maximum(np.maximum(radius - x, x - (size_px[0] - radius)), 0)
    away_y = np.maximum(np.maximum(radius - y, y - (size_px[1] - radius)), 0)
    inside = np.clip(radius + 0.5 - np.hypot(away_x, away_y[:, None]), 0, 1)
    return Image.fromarray((inside * PANEL[3]).astype(np.uint8))
