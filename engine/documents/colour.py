"""Colour of the finished picture, from its table."""

from __future__ import annotations

from engine.core.colour.cube import read_cube
from engine.core.colour.grade import TONE_MAPS
from engine.core.show.controls import Colour
from engine.documents.builder import ShowBuilder
from engine.documents.errors import within
from engine.documents.part_tables import ColourTable


def make_colour(builder: ShowBuilder, table: ColourTable | None) -> Colour:
    """Add the parameters of colour; read the look.

    Raises
    ------
    ValueError
        If a value is out of range, or the look cannot be read.
    """
    t = table or ColourTable()
    tone_map = "How light above white is brought below it."
    number = builder.number
    places = (
        number("/master/exposure", t.exposure, -10, 10, "stops", "Light, doubled by each stop."),
        number("/master/temperature", t.temperature, -100, 100, "mired",
               "White, from cold (blue) to warm (amber)."),
        number("/master/tint", t.tint, -100, 100, "", "White, from green to magenta."),
        number("/master/contrast", t.contrast, 0, 3, "", "Around a middle grey.", "", "linear"),
        number("/master/saturation", t.saturation, 0, 3, "", "0 is grey.", "", "linear"),
        builder.choice("/master/tone_map", TONE_MAPS, t.tone_map, tone_map),
        number("/master/lut_mix", t.lut_mix, 0, 1, "", "How much of the look, if there is one."),
    )  # fmt: skip
    is_blue = table is not None and t.dither == "blue"
    if not t.lut:
        return Colour(places, None, is_blue)
    with within("master.colour.lut: "):
        return Colour(places, read_cube(builder.file(t.lut), t.lut), is_blue)
