"""Where the checkout and the files beside the tests lie: the only paths made from `__file__`."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
DATA = TESTS / "data"
GOLDEN = TESTS / "golden"
SHOWS = TESTS / "shows"
SHADERS = ROOT / "shaders"
PRESETS = ROOT / "presets"
