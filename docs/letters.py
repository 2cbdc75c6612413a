"""Write engine/system/fonts/arimo.ttf: ``python docs/letters.py Arimo-Regular.ttf``.

Needs fonttools (``pip install fonttools``). The font is in Debian's package fonts-croscore,
version 20201225. Kept are the letters of Latin, Greek, Cyrillic and Hebrew, marks and kerning;
left out are the instructions for tiny sizes, ligatures and all other letters.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

OUT = Path(__file__).parents[1] / "engine" / "system" / "fonts" / "arimo.ttf"
KEPT = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x52F), (0x590, 0x5FF), (0x1E00, 0x22FF),
    (0x25A0, 0x25FF), (0xFB01, 0xFB02),
)  # fmt: skip


def main() -> None:
    """Cut the letters out of the font that the command line names."""
    options = subset.Options()
    options.hinting = options.glyph_names = False
    options.notdef_outline = True
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.name_IDs = ["*"]
    options.drop_tables += ["DSIG", "GSUB"]
    font = TTFont(sys.argv[1])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
    cutter.subset(font)
    font.save(OUT)


if __name__ == "__main__":
    main()
