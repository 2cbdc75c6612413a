"""Test drawing of one ISF shader by itself, for warm-up and `shader check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.context import collect
from engine.compositor.gl.program import ShaderError
from engine.compositor.gl.surface import make_surface, release
from engine.compositor.isf.passes import History, Kit, run
from engine.compositor.isf.shader import Shader, compile_shader, file_name, release_shader
from engine.core.frame.plan import Pass
from engine.core.isf.header import Uniform
from engine.core.isf.inputs import IMAGES

_FRAMES = 4  # histories fill; figures steady
_PARTS = (32, 8, 2, 1)  # of the width and the height: 16 times the pixels at each step, then 4
_CLEAR_S = 0.05  # so long no small picture takes but by its pixels
_EXTREME = 4.0  # so much longer a frame may take while every input is at its end


def probe_picture(size_px: tuple[int, int]) -> NDArray[np.float16]:
    """Soft coloured forms on black, as a shader's input [shape=(H, W, 4)], row 0 at the bottom."""
    width, height = size_px
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5 - width / 2) / height, (y + 0.5) / height - 0.5
    form = np.exp(-((np.hypot(u, v) - 0.25) ** 2) / 0.01)
    rgb = [form * (0.5 + 0.5 * np.cos(6 * u + 5 * v + shift)) for shift in (0.0, 1.1, 2.3)]
    return np.stack([*rgb, np.ones_like(u)], axis=-1).astype(np.float16)


def judge(
    ctx: moderngl.Context, name: str, text: str, size_px: tuple[int, int],
    most: tuple[float, Callable[[], float]],
) -> None:  # fmt: skip
    """Compile a shader and find out what a frame of it takes at a size, over a test picture.

    It is drawn small first, then larger, and at the whole size only if that will not take long.
    With all numbers at their least and at their most it may take longer, and is drawn small.

    Parameters
    ----------
    most
        What a frame may take, by a clock: of processor time, or of time where a GPU draws.

    Raises
    ------
    ShaderError
        With the author's own line numbers, or with figures if it takes too long.
    """
    shader, (most_s, spent_s) = compile_shader(ctx, name, text), most
    for uniforms in _extremes(shader):
        parts, bound_s = (_PARTS[:2], _EXTREME * most_s) if uniforms else (_PARTS, most_s)
        for part, following in zip(parts, (*parts[1:], 1), strict=True):
            bench = _Bench(ctx, shader, (max(1, size_px[0] // part), max(1, size_px[1] // part)))
            bench.draw(0, uniforms)  # the driver compiles once more at the first drawing
            ctx.finish()
            begin_s = spent_s()
            bench.draw(1, uniforms)
            ctx.finish()
            took_s = spent_s() - begin_s
            bench.close()
            whole_s, next_s = took_s * part**2, took_s * (part / following) ** 2
            if max(next_s, whole_s if took_s > _CLEAR_S else 0.0) > bound_s:
                raise ShaderError(file_name(name), 0, _too_slow(whole_s, size_px, bound_s))
    release_shader(shader)


def _extremes(shader: Shader) -> list[dict[str, Uniform]]:
    """Inputs by their defaults (none), and all numbers at one end of their ranges."""
    numbers = [item for item in shader.header.inputs if item.type in ("float", "long")]
    least, most = ({i.name: i.low for i in numbers}, {i.name: i.high for i in numbers})
    return [{}, least, most] if numbers else [{}]


def _too_slow(whole_s: float, size_px: tuple[int, int], bound_s: float) -> str:
    about = f"{whole_s:.1f}" if whole_s < 10 else f"{whole_s:.0f}"
    return (
        f"takes about {about} s of processor time a frame at {size_px[0]}x{size_px[1]}, and "
        f"{bound_s:g} s is the most: shorten its loops, or draw it smaller"
    )


def check(
    ctx: moderngl.Context, name: str, text: str, size_px: tuple[int, int],
    cpu_s: Callable[[], float], keep: Callable[[NDArray[np.float32]], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Compile and draw a shader, and report on it.

    Parameters
    ----------
    cpu_s
        Reads the processor time of this process, in seconds.
    keep
        Is given the picture: display-referred RGBA, row 0 at the bottom [shape=(H, W, 4)].

    Returns
    -------
    dict
        ``file, kind, inputs, compiled, drew, error, nan, flat, cpu_ms``: `nan` if any pixel is not
        finite, `flat` if all are alike, `cpu_ms` of one frame after the first.
    """
    report: dict[str, Any] = {
        "file": file_name(name), "kind": None, "inputs": [], "compiled": False, "drew": False,
        "error": None, "nan": False, "flat": False, "cpu_ms": None,
    }  # fmt: skip
    try:
        shader = compile_shader(ctx, name, text, is_raw=True)
    except ShaderError as error:
        return {**report, "error": str(error)}
    bench = _Bench(ctx, shader, size_px)
    bench.draw(0)  # the driver compiles once more at the first drawing
    bench.pixels()
    start_s = cpu_s()
    for frame in range(1, 1 + _FRAMES):
        bench.draw(frame)
    ctx.finish()
    cpu_ms = (cpu_s() - start_s) / _FRAMES * 1e3
    pixels = bench.pixels()
    if keep is not None:
        keep(pixels.reshape(size_px[1], size_px[0], 4))
    bench.close()
    release_shader(shader)
    return report | {
        "kind": shader.header.kind,
        "inputs": [{"name": i.name, "type": i.type} for i in shader.header.inputs],
        "compiled": True,
        "drew": True,
        "nan": not bool(np.isfinite(pixels).all()),
        "flat": bool((pixels == pixels[0]).all()),
        "cpu_ms": round(cpu_ms, 3),
    }


class _Bench:
    """One shader, a test picture on all its images, a surface to draw on."""

    def __init__(self, ctx: moderngl.Context, shader: Shader, size_px: tuple[int, int]) -> None:
        self._ctx = ctx
        self._shader = shader
        self._kit = Kit(ctx, 60.0)
        self._history = History("probe")
        data = probe_picture(size_px).tobytes()
        self._image = ctx.texture(size_px, 4, data, dtype="f2")
        self._image.repeat_x = self._image.repeat_y = False
        names = [item.name for item in shader.header.inputs if item.type in IMAGES]
        self._images = dict.fromkeys(names, self._image)
        self.out = make_surface(ctx, size_px)

    def draw(self, frame: int, uniforms: Mapping[str, Uniform] | None = None) -> None:
        self._ctx.disable(moderngl.BLEND)
        item = Pass("probe", "probe", uniforms or {}, {}, 1 + frame / 60, frame)
        run(self._kit, self._shader, item, self._images, self._history, self.out, True)

    def pixels(self) -> NDArray[np.float32]:
        data = self.out.fbo.read(components=4, dtype="f2")
        return np.frombuffer(data, np.float16).astype(np.float32).reshape(-1, 4)

    def close(self) -> None:
        for surface in (self.out, *self._history.targets.values()):
            release(surface)
        self._image.release()
        self._kit.release()
        collect(self._ctx)
