"""A font that comes along: Latin, Greek, Cyrillic and Hebrew, where Pillow's own has little."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

NAME, LICENCE = "Arimo", "OFL-1.1"
_OF_PILLOW = frozenset(map(chr, range(127))) | frozenset("©«°±´·»‘’“”…‹›⁄™")


@lru_cache(maxsize=1)
def data() -> bytes:
    """Content of the font's file."""
    return Path(__file__).with_name("arimo.ttf").read_bytes()


def is_plain(text: str) -> bool:
    """Whether Pillow's own font has all letters of a text."""
    return _OF_PILLOW.issuperset(text)


def load(size_px: int, text: str = "") -> Any:
    """Load the font that a text is set in: Pillow's own, or this one where letters need it."""
    return _pillow(size_px) if is_plain(text) else whole(size_px)


@lru_cache(maxsize=16)
def whole(size_px: int) -> Any:
    """Load this font, for single lines: letters are set one by one, whatever they are."""
    from PIL import ImageFont

    return ImageFont.truetype(
        io.BytesIO(data()), size_px, layout_engine=ImageFont.Layout.BASIC
    )  # the other one refuses a line that holds the end of one


@lru_cache(maxsize=16)
def _pillow(size_px: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size_px)
