"""Flash limiter: no more than three flashes a second over a quarter of the picture.

Every frame the finished picture is measured on a small grid; a state machine in each cell, and one
for the whole, counts opposing changes of luminance and of saturated red. Where the next change
would be one too many, the frame is blended with the one that was shown before, just so far that it
is none. Nothing waits for the graphics device, and chance and wall clock have no part in it.

Definitions: see `engine.compositor.colour.flash_shaders`.
"""

from __future__ import annotations

import struct

import moderngl

from engine.compositor.colour import flash_shaders as glsl
from engine.compositor.gl.program import Program

AREA = 0.25
_GRID = (glsl.ACROSS, glsl.DOWN)
_GRIDS = (glsl.ACROSS, glsl.DOWN * glsl.SIGNALS)
_MOST_S = 1.0
_ASK_EVERY = 15
_LONG_AGO = 9.0


class _Maps:
    """Float textures of one size that are drawn together."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int], count: int) -> None:
        self.textures = [ctx.texture(size, 4, dtype="f4") for _ in range(count)]
        for texture in self.textures:
            texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
            texture.repeat_x = texture.repeat_y = False
        self.fbo = ctx.framebuffer(self.textures)

    def release(self) -> None:
        self.fbo.release()
        for texture in self.textures:
            texture.release()


class FlashLimiter:
    """Owns the grids and the programs between measuring and limiting."""

    def __init__(self, ctx: moderngl.Context) -> None:
        texts = (glsl.ROWS, glsl.VERDICT, glsl.SOLVE, glsl.SPREAD, glsl.TRACK)
        self._rows, self._verdict, self._solve, self._spread, self._track = (
            Program(ctx, text) for text in texts
        )
        self.wanted = _Maps(ctx, _GRID, 1)
        self._row_sums = _Maps(ctx, (1, _GRIDS[1]), 2)
        self._gains = _Maps(ctx, _GRID, 1)
        self._whole = [_Maps(ctx, (glsl.SIGNALS, 1), 3) for _ in range(2)]
        self._shown = [_Maps(ctx, _GRID, 1) for _ in range(2)]
        self._cells = [_Maps(ctx, _GRIDS, 3) for _ in range(2)]
        self._answer = ctx.buffer(reserve=32 * glsl.SIGNALS)
        self._turn = 0
        self._frames = 0
        self._seconds: float | None = None
        self.is_limiting = False

    def rest(self) -> None:
        """Forget everything: it is switched off."""
        self._seconds, self.is_limiting = None, False

    def judge(self, seconds: float) -> None:
        """Judge what was measured (`wanted`) for a frame at a show time.

        Time that stands still or goes back begins anew.
        """
        before, dt = self._seconds, 0.0
        self._seconds = seconds
        is_first = before is None or seconds <= before
        if before is not None and not is_first:
            dt = min(seconds - before, _MOST_S)
        old, new = self._turn, 1 - self._turn
        self._turn = new
        if is_first:
            self._forget(old)
        self._run(self._rows, self._row_sums, old, dt)
        self._run(self._verdict, self._whole[new], old, dt)
        self._run(self._solve, self._gains, old, dt)
        self._run(self._spread, self._shown[new], old, dt)
        self._track.send("is_first", float(is_first))
        self._run(self._track, self._cells[new], old, dt)
        self._ask()

    def _forget(self, turn: int) -> None:
        """Begin: nothing was shown, and that it begins is the first change."""
        old, first = (_LONG_AGO,) * 4, (0.0, *(_LONG_AGO,) * 3)
        begun = (
            (self._cells[turn], ((1.0, 1.0, 0.0, 0.0), old, (*old[:2], 0.0, _LONG_AGO))),
            (self._whole[turn], ((0.0,) * 4, first, (*old[:2], 0.0, 0.0))),
            (self._shown[turn], ((0.0, 0.0, 0.0, 1.0),)),
        )
        for maps, values in begun:
            for texture, value in zip(maps.textures, values, strict=True):
                texture.write(struct.pack("4f", *value) * (texture.width * texture.height))

    def _run(self, program: Program, target: _Maps, old: int, dt: float) -> None:
        program.send("dt", dt)
        program.send("area", AREA)
        shown = self._shown[1 - old if program is self._track else old]
        verdict = self._whole[1 - old]
        for name, texture in (
            ("wanted", self.wanted.textures[0]),
            ("rows", self._row_sums.textures[0]),
            ("changed_rows", self._row_sums.textures[1]),
            ("gains", self._gains.textures[0]),
            ("shown", shown.textures[0]),
            ("verdict", verdict.textures[0]),
            ("all_ages_a", self._whole[old].textures[1]),
            ("all_ages_b", self._whole[old].textures[2]),
            ("pace", self._cells[old].textures[0]),
            ("ages_a", self._cells[old].textures[1]),
            ("ages_b", self._cells[old].textures[2]),
        ):
            program.bind(name, texture)
        program.draw(target.fbo)

    def bind(self, program: Program) -> None:
        """Hand what was judged over to a program that draws the screen."""
        program.bind("verdict", self._whole[self._turn].textures[0])
        program.bind("shown", self._shown[self._turn].textures[0])

    def _ask(self) -> None:
        """Now and then: take what was asked a while ago, whether something was limited."""
        self._frames += 1
        if self._frames % _ASK_EVERY == 0:
            self._whole[self._turn].fbo.read_into(
                self._answer, components=4, attachment=0, alignment=1, dtype="f4"
            )
        elif self._frames % _ASK_EVERY == 3 and self._frames > _ASK_EVERY:
            found = struct.unpack(f"{4 * glsl.SIGNALS}f", self._answer.read(16 * glsl.SIGNALS))
            self.is_limiting = max(found[3::4]) > 1.5

    def release(self) -> None:
        """Give the GL objects back."""
        for maps in (
            self.wanted, self._row_sums, self._gains, *self._whole, *self._shown, *self._cells
        ):  # fmt: skip
            maps.release()
        for program in (self._rows, self._verdict, self._solve, self._spread, self._track):
            program.release()
        self._answer.release()
