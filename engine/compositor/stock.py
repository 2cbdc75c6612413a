"""What a show brings for its shaders: their programs, pictures and the sound, by name."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.pictures import Pictures
from engine.compositor.isf.shader import Shader, compile_shader, release_shader
from engine.compositor.isf.sound import Sound
from engine.core.frame.plan import Pass
from engine.core.isf.header import Header


class Stock:
    """Owns the shaders, loaded and staged; several compositors may draw with one stock."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._shaders: dict[str, tuple[str, Shader]] = {}
        self._staged: dict[str, tuple[str, Shader]] = {}
        self.pictures: Pictures = Pictures(ctx)
        self.sound: Sound = Sound(ctx)

    def load(self, name: str, text: str) -> Header:
        """Compile and link a shader; see `Compositor.load`."""
        known = self._shaders.get(name)
        if known and known[0] == text:
            return known[1].header
        self.stage(name, text)
        _, shader = self._shaders[name] = self._staged.pop(name)
        if known:
            release_shader(known[1])
        return shader.header

    def stage(self, name: str, text: str) -> None:
        """Compile and link a shader ahead; see `Compositor.stage`."""
        staged = self._staged.get(name)
        if staged is None or staged[0] != text:
            self._staged[name] = (text, compile_shader(self._ctx, name, text))
            if staged:
                release_shader(staged[1])

    def load_picture(self, name: str, rgba: NDArray[np.uint8] | None) -> None:
        """Upload or forget a picture; see `Compositor.load_picture`."""
        if rgba is None:
            self.pictures.drop(name)
        else:
            self.pictures.load(name, rgba)

    def has(self, item: Pass | None) -> bool:
        """Whether the shader of a pass is there: where its load failed, it was said so."""
        return item is not None and item.shader in self._shaders

    def shader(self, item: Pass) -> Shader:
        """Shader of a pass."""
        return self._shaders[item.shader][1]

    def release(self) -> None:
        """Give the GL objects back."""
        for _, shader in (*self._shaders.values(), *self._staged.values()):
            release_shader(shader)
        self.pictures.release()
        self.sound.release()
