"""A font that comes along: letters of Latin, Greek and Cyrillic, where Pillow's own has ASCII."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

NAME, LICENCE = "Arimo", "OFL-1.1"


@lru_cache(maxsize=1)
def data() -> bytes:
    """Content of the font's file."""
    return Path(__file__).with_name("arimo.ttf").read_bytes()
