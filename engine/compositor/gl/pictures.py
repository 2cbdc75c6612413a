"""Pictures by name, as textures: what image inputs may see beside layers."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

AnyTexture = moderngl.Texture | moderngl.TextureCube


class Pictures:
    """Owns the textures; a name may get another picture while it is seen."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._known: dict[str, tuple[NDArray[np.uint8], AnyTexture]] = {}

    def load(self, name: str, rgba: NDArray[np.uint8]) -> None:
        """Upload a picture, unless this very array is there; see `Compositor.load_picture`."""
        known = self._known.get(name)
        if known and known[0] is rgba:
            return
        self.drop(name)
        texture = self._cube(rgba) if rgba.ndim == 4 else self._flat(rgba)
        self._known[name] = (rgba, texture)

    def get(self, name: str) -> AnyTexture | None:
        """Texture of a name, None if there is none: display-referred, straight alpha."""
        known = self._known.get(name)
        return known[1] if known else None

    def drop(self, name: str) -> None:
        """Forget a picture, if there is one of that name."""
        if name in self._known:
            self._known.pop(name)[1].release()

    def release(self) -> None:
        """Give the GL objects back."""
        for name in list(self._known):
            self.drop(name)

    def _flat(self, rgba: NDArray[np.uint8]) -> moderngl.Texture:
        height, width, _ = rgba.shape
        texture = self._ctx.texture((width, height), 4, np.ascontiguousarray(rgba[::-1]).tobytes())
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture

    def _cube(self, faces: NDArray[np.uint8]) -> moderngl.TextureCube:
        side = faces.shape[1]  # the faces of a cube begin with their top row, unlike pictures
        texture = self._ctx.texture_cube((side, side), 4, np.ascontiguousarray(faces).tobytes())
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        return texture
