"""How the last pass of a layer ends: as shaders see it, as light, or laid on a canvas at once."""

from __future__ import annotations

from typing import NamedTuple

from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Pool, Surface

BRIGHTEST = 64.0
"""How bright a layer may be, white is 1."""


class Ending(NamedTuple):
    """What a pass does with what it has drawn; its program ends with `gl.shaders.ENDING`.

    Parameters
    ----------
    most
        How bright the light may be that it draws, premultiplied; 0: it draws display-referred
        values with straight alpha.
    opacity
        Factor on light and alpha.
    canvas
        What it is drawn on; None: a surface of the pool.
    area
        Left, bottom, width and height of the part of the canvas that it fills; None: all of it.
    blend
        Factors of what is drawn and of what is below; None: nothing is below.
    """

    most: float = 0.0
    opacity: float = 1.0
    canvas: Surface | None = None
    area: tuple[int, int, int, int] | None = None
    blend: tuple[int, int] | None = None


STRAIGHT = Ending()
LIGHT = Ending(BRIGHTEST)


def end(pool: Pool, program: Program, size_px: tuple[int, int], ending: Ending) -> Surface:
    """Draw a last pass of a size; return what it is drawn on."""
    surface = ending.canvas or pool.take(size_px)
    program.send("host_most", ending.most)
    program.send("host_opacity", ending.opacity)
    program.draw(surface.fbo, ending.area, ending.blend)
    return surface
