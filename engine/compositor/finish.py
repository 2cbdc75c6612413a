"""Finishing: the canvas, or the layer shown without it, as the picture that outputs read."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import moderngl
import numpy as np

from engine.compositor.colour.flash import FlashLimiter
from engine.compositor.colour.flash_shaders import TAPS
from engine.compositor.colour.flash_shaders import VERTEX as CHOOSING
from engine.compositor.colour.looks import Looks, finishing
from engine.compositor.colour.shaders import Finishing
from engine.compositor.gl.program import VERTEX, Program
from engine.compositor.gl.surface import Surface, make_surface, release
from engine.compositor.isf.passes import Kit
from engine.compositor.light import Light
from engine.compositor.picture import Picture
from engine.core.frame.plan import Plan

_DITHER_STEPS = 64
_NOISE = Path(__file__).with_name("colour") / "blue_noise.bin"
_SIDE = 64
# Steps of the square that are never near one another: the golden ratio's kin in two dimensions.
_ACROSS, _DOWN = 0.7548776662, 0.5698402910


class Shown(NamedTuple):
    """What a frame shows before it is finished.

    Parameters
    ----------
    image
        The canvas (linear, premultiplied), or a layer (display-referred, straight alpha).
    opacity
        Opacity of that layer; None for the canvas.
    """

    image: Surface
    opacity: float | None = None


class Depth(NamedTuple):
    """How finely a picture is stored: data type, steps from black to white.

    `is_stepped`: in fewer steps than the data type has, and with blue noise.
    """

    dtype: str
    levels: float
    is_stepped: bool = False


_CELLS = Depth("f4", 1.0)
_SCREEN, _DEEP, _TEN = Depth("f1", 255.0), Depth("nu2", 65535.0), Depth("nu2", 1023.0, True)


class Finish:
    """Owns the screens and the programs that draw them.

    Parameters
    ----------
    whole_px
        Size of the pictures that are read, however small they are drawn.
    """

    def __init__(self, ctx: moderngl.Context, kit: Kit, whole_px: tuple[int, int]) -> None:
        self._ctx = ctx
        self._kit = kit
        self._light = Light(ctx)
        self._programs: dict[Finishing, Program] = {}
        self._looks = Looks(ctx)
        self._flash: FlashLimiter | None = None
        self._noise: moderngl.Texture | None = None
        self._whole_px = whole_px
        self._frames = self._phase = 0
        self._screens: list[Surface] = []
        self.resize(whole_px)

    def resize(self, size_px: tuple[int, int]) -> None:
        """Draw at another size; pictures keep theirs."""
        old, self._screens = (
            self._screens,
            [make_surface(self._ctx, size_px, "f1") for _ in range(2)],
        )
        if old:  # the newest is what the next frame may be blended with
            self._kit.copy(old[self._frames % 2].texture, self._screens[self._frames % 2])
        for surface in old:
            release(surface)

    def picture(self, plan: Plan, shown: Shown, linear: Callable[[], Surface]) -> Picture:
        """Finish a frame.

        Parameters
        ----------
        linear
            Gives the canvas of this frame, drawn now if the frame did without.
        """
        self._frames += 1
        frame, screen = self._frames, self._screens[self._frames % 2]
        phase = math.floor(plan.seconds * self._kit.picture_hz + 1e-6) % _DITHER_STEPS
        self._judge(shown, plan)
        self._draw(shown, plan, phase, _SCREEN, screen)
        depths = {
            "f1": lambda: self._whole(screen),
            "nu2": lambda: self._whole(self._deepen(shown, plan, phase, _DEEP)),
            "rgb30": lambda: self._whole(self._deepen(shown, plan, phase, _TEN)),
            "f2": lambda: self._whole(linear()),
        }
        is_current = lambda: self._frames == frame and screen in self._screens  # noqa: E731
        return Picture(screen, self._whole_px, depths, is_current, self._light)

    def release(self) -> None:
        """Give the GL objects back."""
        self._light.release()
        for surface in self._screens:
            release(surface)
        for program in self._programs.values():
            program.release()
        self._looks.release()
        if self._flash is not None:
            self._flash.release()
        if self._noise is not None:
            self._noise.release()

    @property
    def is_limiting(self) -> bool:
        """Whether flashes were limited a moment ago."""
        return self._flash is not None and self._flash.is_limiting

    def _judge(self, shown: Shown, plan: Plan) -> None:
        """Let the flash limiter see what is about to be shown."""
        if not plan.limits_flashes:
            if self._flash is not None:
                self._flash.rest()
            return
        flash = self._flash = self._flash or FlashLimiter(self._ctx)
        self._run(shown, plan, "measure", _CELLS, flash.wanted.fbo)
        flash.judge(plan.seconds)

    def _draw(self, shown: Shown, plan: Plan, phase: int, depth: Depth, target: Surface) -> None:
        self._phase = phase
        for part in ("free", "limited") if plan.limits_flashes else ("whole",):
            self._run(shown, plan, part, depth, target.fbo)

    def _run(
        self, shown: Shown, plan: Plan, part: str, depth: Depth, target: moderngl.Framebuffer
    ) -> None:
        """Draw with a program; its twin, for the canvas or for a layer alone, is warmed with it."""
        is_layer, is_blue = shown.opacity is not None, plan.grade.is_blue or depth.is_stepped
        is_blue = is_blue and part != "measure"
        wanted = finishing(plan.grade, part, is_layer, is_blue, depth.is_stepped)
        if wanted not in self._programs:
            twin = self._kit.pool.take((1, 1), depth.dtype)
            self._ready(wanted._replace(is_layer=not is_layer), shown, plan, depth).draw(twin.fbo)
            self._kit.pool.give(twin)
        self._ready(wanted, shown, plan, depth).draw(target)

    def _ready(self, wanted: Finishing, shown: Shown, plan: Plan, depth: Depth) -> Program:
        """Take a program, compiled now if need be, with all that it reads."""
        program = self._programs.get(wanted)
        if program is None:
            vertex = CHOOSING if wanted.part in ("free", "limited") else VERTEX
            program = self._programs[wanted] = Program(self._ctx, wanted.text(), vertex)
        self._send(program, shown, plan)
        program.send("levels", depth.levels)
        program.send("phase", 5.588238 * self._phase)
        program.send("taps", TAPS)
        if wanted.is_blue:
            across, down = (int(self._phase * step % 1.0 * _SIDE) for step in (_ACROSS, _DOWN))
            program.send("shift", (across, down))
            program.bind("blue_noise", self._blue_noise())
        if self._flash is not None:
            self._flash.bind(program)
            program.send("is_limited", float(wanted.part == "limited"))
            program.bind("before", self._screens[1 - self._frames % 2].texture)
        return program

    def _send(self, program: Program, shown: Shown, plan: Plan) -> None:
        """Hand over what is shown, and how it is graded."""
        brightness = float(plan.master)
        if not plan.grade.rests:
            self._looks.send(program, plan.grade)
            program.send("opacity", 1.0 if shown.opacity is None else shown.opacity)
        elif shown.opacity is not None:
            brightness *= shown.opacity
        program.bind("image", shown.image.texture)
        program.send("master", brightness)

    def _blue_noise(self) -> moderngl.Texture:
        """The mask: each value once in its square, in the middle of its step."""
        if self._noise is None:
            ranks = np.frombuffer(_NOISE.read_bytes(), "<u2")
            data = ((ranks + 0.5) / len(ranks)).astype(np.float32).tobytes()
            self._noise = self._ctx.texture((_SIDE, _SIDE), 1, data, dtype="f4")
        return self._noise

    def _deepen(self, shown: Shown, plan: Plan, phase: int, depth: Depth) -> Surface:
        """Draw the frame again in more bits."""
        surface = self._kit.pool.take(self._screens[0].size_px, depth.dtype)
        self._ctx.disable(moderngl.BLEND)
        self._draw(shown, plan, phase, depth, surface)
        self._kit.pool.give(surface)  # read at once, before anyone can take it
        return surface

    def _whole(self, surface: Surface) -> Surface:
        """Enlarge what was drawn at another size."""
        if surface.size_px == self._whole_px:
            return surface
        whole = self._kit.pool.take(self._whole_px, surface.dtype)
        self._ctx.disable(moderngl.BLEND)
        self._kit.copy(surface.texture, whole)
        self._kit.pool.give(whole)  # read at once, as in `_deepen`
        return whole
