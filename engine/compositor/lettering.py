"""Letters of text layers as pictures: set by FreeType at the size at which they are seen.

A picture holds no colours: how much each pixel is covered by letters (red) and by their outline
(green), and the number of its letter in the text (blue and alpha: high and low byte). So colours
and the revealing of letters cost no new picture; see ``shaders/lettering.fs``.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.show.lettering import Lettering
from engine.system import fonts

_MARGIN = 0.04  # of the height, kept free on every side
_MOST_PX = 1200  # height of letters
_GLYPHS = 256  # that are kept for each font and size
_SMALL_PX = 16  # enough to tell a letter from a box, and it takes no time
_NO_LETTER = "\uffff"  # which no font has
_MOST_NAMED = 8
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # a font sets none of them


class _Glyph(NamedTuple):
    """Coverage of a cluster and of its outline, and where its corner lies from its pen."""

    fill: NDArray[np.uint8]
    edge: NDArray[np.uint8]
    x: int
    y: int


class Face:
    """A font at a size, with the clusters that it has drawn."""

    def __init__(self, data: bytes, size_px: int, edge_px: int) -> None:
        self.font = _font(data, size_px)
        self._edge_px = edge_px
        self.glyph = lru_cache(_GLYPHS)(self._draw)
        self._small_font = _font(data, _SMALL_PX)
        self._small = lru_cache(_GLYPHS)(self._draw_small)

    def lacks(self, text: str) -> list[str]:
        """Letters of a text that the font does not have: it draws a box for them."""
        box = self._small(_NO_LETTER)
        seen = [x for x in dict.fromkeys(text) if x.isprintable() and not x.isspace()]
        return [letter for letter in seen if self._small(letter) == box]

    def _draw_small(self, letter: str) -> bytes:
        return bytes(self._small_font.getmask(letter))

    def _draw(self, cluster: str) -> _Glyph:
        from PIL import Image, ImageDraw

        left, top, right, bottom = self.font.getbbox(
            cluster, anchor="ls", stroke_width=self._edge_px
        )
        size = max(1, int(right - left)), max(1, int(bottom - top))
        found = []
        for width in (0, self._edge_px):
            image = Image.new("L", size)
            ImageDraw.Draw(image).text(
                (-left, -top), cluster, 255, self.font, anchor="ls", stroke_width=width
            )
            found.append(np.asarray(image))
        return _Glyph(found[0], found[1], int(left), int(top))


def _font(data: bytes, size_px: int) -> Any:
    from PIL import ImageFont

    return (
        ImageFont.truetype(io.BytesIO(data), size_px) if data else ImageFont.load_default(size_px)
    )


@lru_cache(maxsize=1)
def _has_shaping() -> bool:
    from PIL import features

    return bool(features.check("raqm"))


def check_font(data: bytes) -> None:
    """See whether a font can be read.

    Raises
    ------
    ValueError
        If it cannot.
    """
    try:
        Face(data, 16, 0).font.getlength("a")
    except (OSError, ValueError) as error:
        raise ValueError(f"no font that can be read ({error}): use a TTF or OTF file") from None


class Letters:
    """The pictures of all text layers; each is made again only when its lettering changes.

    Attributes
    ----------
    fonts
        Name → content of the file.
    """

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}
        self.fonts: Mapping[str, bytes] = {}
        self._shown: dict[str, Lettering] = {}
        self._faces: dict[str, tuple[tuple[bytes, int, int], Face]] = {}

    def load(self, fonts: Mapping[str, bytes]) -> None:
        """Take the files of fonts; texts are set anew where one has another content."""
        if fonts != self.fonts:
            self.fonts = fonts
            self._shown.clear()

    def changed(
        self, wanted: tuple[tuple[str, Lettering], ...]
    ) -> list[tuple[str, NDArray[np.uint8]]]:
        """Names and pictures of those that do not look as they did."""
        news = [each for each in wanted if self._shown.get(each[0]) != each[1]]
        self._shown.update(news)
        found = []
        for name, lettering in news:
            lettering = lettering._replace(text=_LINE_END.sub("\n", lettering.text))
            whole = lettering._replace(text=unicodedata.normalize("NFC", lettering.text))
            face = self._face(name, whole)
            if not face.lacks(whole.text):
                lettering = whole
            told = f"the {name.replace(':', ' of layer ')}"
            if missing := face.lacks(lettering.text):
                self._notes[name] = (
                    f"{told} has boxes for letters that its font lacks: "
                    f"{' '.join(missing[:_MOST_NAMED])}; name a TTF or OTF file with `font`"
                )
            elif any(map(_is_shaped, lettering.text)) and not _has_shaping():
                self._notes[name] = (
                    f"{told} has letters that join, stand above others or run from right to left; "
                    "this Pillow has no Raqm and sets them one by one, from left to right"
                )
            found.append((name, set_letters(lettering, face)))
        return found

    def notes(self) -> list[tuple[str, str]]:
        """What the operator should know of the texts set since the last call: name, sentence."""
        found, self._notes = list(self._notes.items()), {}
        return found

    def _face(self, name: str, lettering: Lettering) -> Face:
        size_px = min(max(4, round(lettering.size * lettering.size_px[1])), _MOST_PX)
        data = self.fonts.get(lettering.font, b"")
        if not data and not fonts.is_plain(lettering.text):
            data = fonts.data()
        key = (data, size_px, round(lettering.outline * size_px))
        known = self._faces.get(name)
        if known is None or known[0] != key:
            known = self._faces[name] = key, Face(*key)
        return known[1]


def set_letters(lettering: Lettering, face: Face) -> NDArray[np.uint8]:
    """Set a text [shape=(H, W, 4)], row 0 at the top; see the top of this file."""
    width, height = lettering.size_px
    picture = np.zeros((height, width, 4), np.uint8)
    font, size_px = face.font, face.font.size
    margin, pitch = round(_MARGIN * height), lettering.line * size_px
    space = lettering.spacing * size_px
    text = "".join(
        " " if unicodedata.category(x) == "Cc" and x != "\n" else x for x in lettering.text
    )
    lines = _wrapped(text, font, space, width - 2 * margin)
    ascent, descent = font.getmetrics()
    block = pitch * (len(lines) - 1) + ascent + descent
    free = {"top": margin, "middle": (height - block) / 2, "bottom": height - margin - block}
    number = 0
    for row, line in enumerate(lines):
        clusters = _clusters(line)
        pens = _pens(clusters, font, space)
        beside = width - 2 * margin - pens[-1]
        x = margin + {"left": 0.0, "centre": beside / 2, "right": beside}[lettering.align]
        y = free[lettering.place] + ascent + row * pitch
        for cluster, pen in zip(clusters, pens, strict=False):
            number += 1
            if not cluster.isspace():
                _lay(picture, face.glyph(cluster), (round(x + pen), round(y)), number)
    _number(picture, number)
    return picture


def _lay(picture: NDArray[np.uint8], glyph: _Glyph, pen: tuple[int, int], number: int) -> None:
    """Lay a cluster into the picture, where it covers more than what is there."""
    left, top = pen[0] + glyph.x, pen[1] + glyph.y
    x0, y0 = max(left, 0), max(top, 0)
    x1 = min(left + glyph.fill.shape[1], picture.shape[1])
    y1 = min(top + glyph.fill.shape[0], picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = picture[y0:y1, x0:x1]
    inside = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    fill, edge = glyph.fill[inside], glyph.edge[inside]
    is_more = edge > part[..., 1]
    part[..., 2][is_more], part[..., 3][is_more] = number >> 8, number & 255
    np.maximum(part[..., 0], fill, out=part[..., 0])
    np.maximum(part[..., 1], edge, out=part[..., 1])


def _number(picture: NDArray[np.uint8], count: int) -> None:
    """Spread the numbers over 0 to 65535: the last letter has the largest."""
    numbers = picture[..., 2].astype(np.uint32) * 256 + picture[..., 3]
    spread = numbers * 65535 // max(count, 1)
    picture[..., 2], picture[..., 3] = spread >> 8, spread & 255


def _wrapped(text: str, font: Any, space: float, width: float) -> list[str]:
    """Lines of a text; one that is too long goes on below, between two words."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) + space * len(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def _clusters(line: str) -> list[str]:
    """What is revealed at once: a letter with its marks; a whole line where letters join."""
    if any(_is_shaped(letter) and not _is_mark(letter) for letter in line):
        return [line]
    found: list[str] = []
    for letter in line:
        if found and (_is_mark(letter) or found[-1].endswith("\u200d")):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _is_mark(letter: str) -> bool:
    return bool(unicodedata.combining(letter)) or letter in "\u200d\ufe0f"


def _is_shaped(letter: str) -> bool:
    """Whether it is set with others: a mark, a letter of Hebrew, Arabic, the Indic scripts."""
    is_joined = "\u0900" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17ff"
    is_to_left = unicodedata.bidirectional(letter) in ("R", "AL")
    return is_joined or is_to_left or _is_mark(letter)


def _pens(clusters: list[str], font: Any, space: float) -> list[float]:
    """Where each cluster begins, kerned, and where the line ends."""
    pens, before = [0.0], ""
    for place, cluster in enumerate(clusters):
        kern = font.getlength(before + cluster) - font.getlength(cluster) if before else 0.0
        if before:
            pens[-1] += kern - font.getlength(before)
        last = place == len(clusters) - 1
        pens.append(pens[-1] + font.getlength(cluster) + (0.0 if last else space))
        before = cluster
    return pens
