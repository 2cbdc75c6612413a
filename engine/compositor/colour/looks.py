"""Uniforms and textures of a grade."""

from __future__ import annotations

import moderngl
import numpy as np

from engine.compositor.colour.shaders import Finishing
from engine.compositor.gl.program import Program
from engine.core.colour.cube import Lut, Table
from engine.core.colour.grade import Grade, balance

_ACROSS = 1024
_NO_TABLE = Table(np.zeros((2, 3), np.float32))


class Looks:
    """Owns the textures of the look that is shown."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._lut: Lut | None = None
        self._textures: dict[str, moderngl.Texture] = {}

    def send(self, program: Program, grade: Grade) -> None:
        """Hand a grade over to a program."""
        matrix = balance(grade.temperature, grade.tint) * 2.0**grade.exposure
        program.send("balance", tuple(matrix.T.ravel().tolist()))
        program.send("contrast", grade.contrast)
        program.send("saturation", grade.saturation)
        program.send("lut_mix", grade.lut_mix)
        if grade.lut is not None and grade.lut_mix > 0.0:
            self._look(program, grade.lut)

    def _look(self, program: Program, lut: Lut) -> None:
        if lut is not self._lut:
            self.release()
            self._lut = lut
            for name, table in (("curves", lut.curves), ("cube", lut.cube)):
                if table is not None:
                    self._textures[name] = self._upload(table)
        for name, table in (("curves", lut.curves), ("cube", lut.cube)):
            if table is not None:
                program.bind(name, self._textures[name])
                program.send(f"{name}_size", len(table.values))
                program.send(f"{name}_low", table.low)
                scale = (1.0 / (b - a) for a, b in zip(table.low, table.high, strict=True))
                program.send(f"{name}_scale", tuple(scale))

    def _upload(self, table: Table) -> moderngl.Texture:
        """Curves lie in rows of 1024, a cube with green along red, blue downwards."""
        values = table.values
        size = len(values)
        if values.ndim == 2:
            rows = np.zeros((-(-size // _ACROSS), _ACROSS, 3), np.float32)
            rows.reshape(-1, 3)[:size] = values
        else:
            rows = values.reshape(size, size * size, 3)
        height, width, _ = rows.shape
        texture = self._ctx.texture((width, height), 3, rows.tobytes(), dtype="f4")
        texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        return texture

    def release(self) -> None:
        """Give the GL objects back."""
        for texture in self._textures.values():
            texture.release()
        self._textures.clear()
        self._lut = None


def finishing(
    grade: Grade, part: str, is_layer: bool, is_blue: bool, is_stepped: bool
) -> Finishing:
    """What a program has to do for a grade."""
    if grade.rests:
        return Finishing(part, is_layer, False, is_blue, is_stepped)
    lut = grade.lut if grade.lut_mix > 0.0 else None
    return Finishing(
        part, is_layer, True, is_blue, is_stepped, grade.contrast != 1.0, grade.tone_map,
        lut is not None and lut.curves is not None, lut is not None and lut.cube is not None,
    )  # fmt: skip
