"""Test drawing of one ISF shader by itself, for warm-up and `shader check`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.context import collect
from engine.compositor.gl.pictures import AnyTexture, Pictures
from engine.compositor.gl.program import ShaderError
from engine.compositor.gl.surface import make_surface, release
from engine.compositor.isf.passes import History, Kit, run
from engine.compositor.isf.shader import Shader, compile_shader, file_name, release_shader
from engine.core.frame.plan import Pass
from engine.core.isf.header import Uniform
from engine.core.isf.inputs import IMAGES

SOUNDS = ("audio", "audioFFT")
_FACE_PX = (64, 64)  # of a cube
_COLUMNS = 256  # samples, or bins, of the sound
_CORNERS = np.array([(0.9, 0.1, 0.1), (0.1, 0.8, 0.2), (0.1, 0.2, 0.9), (0.9, 0.9, 0.9)])
Brought = Mapping[str, NDArray[np.uint8]]
_FRAMES = 4  # histories fill; figures steady
_PARTS = (32, 8, 2, 1)  # of the width and the height: 16 times the pixels at each step, then 4
_CLEAR_S = 0.05  # so long no small picture takes but by its pixels
_UNSURE = 4.0  # so much longer the second size may take: it shows what does not grow
_EXTREME = 4.0  # so much longer a frame may take while every input is at its end


def probe_picture(size_px: tuple[int, int], variant: int = 0) -> NDArray[np.float16]:
    """Picture without any symmetry, as a shader's input [shape=(H, W, 4)], row 0 at the bottom.

    Seen upright it has red, green, blue and white towards its corners (top left first) and the
    letter F; of variant 1 the colours stand elsewhere, and a ring lies low on the left.
    """
    width, height = size_px
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width, (y + 0.5) / height
    across = (u - 0.5) * width / height
    corners = np.roll(_CORNERS, variant, axis=0)[..., None, None, :]
    top, low = ((1 - u)[..., None] * left + u[..., None] * right for left, right in
                (corners[:2], corners[2:]))  # fmt: skip
    rgb = (v[..., None] * top + (1 - v)[..., None] * low)[..., :3]
    if variant:
        form = np.abs(np.hypot(across + 0.3, v - 0.4) - 0.2) < 0.05
    else:
        stem = (np.abs(across + 0.2) < 0.06) & (np.abs(v - 0.5) < 0.35)
        bars = (np.abs(v - 0.79) < 0.06) | ((np.abs(v - 0.53) < 0.06) & (across < 0.1))
        form = stem | (bars & (across > -0.26) & (across < 0.22))
    rgb = np.where(form[..., None], 1.0 - rgb, rgb)
    return np.concatenate([rgb, np.ones_like(u)[..., None]], axis=-1).astype(np.float16)


def probe_sound(kind: str, is_tone: bool) -> NDArray[np.float32]:
    """Silence or a tone on two channels, as an audio input [shape=(2, `_COLUMNS`, 4)].

    Samples are centred on 0.5; a spectrum has one peak.
    """
    places = np.arange(_COLUMNS)
    if kind == "audio":
        row = 0.5 + 0.4 * np.sin(2 * np.pi * places / 32.0) * is_tone
    else:
        row = np.exp(-(((places - _COLUMNS / 8) / 4.0) ** 2)) * is_tone
    return np.repeat(np.stack([row, row])[..., None], 4, axis=-1).astype(np.float32)


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
    shader = compile_shader(ctx, name, text)
    _weigh(ctx, shader, size_px, most)
    release_shader(shader)


def _weigh(
    ctx: moderngl.Context, shader: Shader, size_px: tuple[int, int],
    most: tuple[float, Callable[[], float]],
) -> None:  # fmt: skip
    """Find out what a frame takes, from small to large; see `judge`.

    Two sizes tell what is paid for each pixel and what is paid anyway, in buffers of a fixed size.
    """
    most_s, spent_s = most
    for uniforms in _extremes(shader):
        parts, bound_s = (_PARTS[:2], _EXTREME * most_s) if uniforms else (_PARTS, most_s)
        before_s, before = 0.0, 0.0  # what a part of the whole took, and which
        for part, following in zip(parts, (*parts[1:], 1), strict=True):
            bench = _Bench(ctx, shader, (max(1, size_px[0] // part), max(1, size_px[1] // part)))
            bench.draw(0, uniforms)  # the driver compiles once more at the first drawing
            ctx.finish()
            begin_s = spent_s()
            bench.draw(1, uniforms)
            ctx.finish()
            took_s = spent_s() - begin_s
            bench.close()
            share = 1.0 / part**2
            rise_s = max(took_s - before_s, 0.0) / (share - before)
            whole_s = took_s + rise_s * (1.0 - share)
            next_s = took_s + rise_s * (1.0 / following**2 - share)
            most_next_s = bound_s if before else _UNSURE * bound_s
            is_clear = took_s > _CLEAR_S and before > 0.0
            if next_s > most_next_s or (is_clear and whole_s > bound_s):
                raise TooSlowError(shader.name, whole_s, size_px, bound_s)
            before_s, before = took_s, share


def _extremes(shader: Shader) -> list[dict[str, Uniform]]:
    """Inputs by their defaults (none), and all numbers at one end of their ranges."""
    numbers = [item for item in shader.header.inputs if item.type in ("float", "long")]
    least, most = ({i.name: i.low for i in numbers}, {i.name: i.high for i in numbers})
    return [{}, least, most] if numbers else [{}]


class TooSlowError(ShaderError):
    """A shader whose frame takes longer than it may; `whole_s` is about what it takes."""

    def __init__(self, name: str, whole_s: float, size_px: tuple[int, int], bound_s: float) -> None:
        about = f"{whole_s:.1f}" if whole_s < 10 else f"{whole_s:.0f}"
        self.whole_s = whole_s
        super().__init__(
            file_name(name), 0,
            f"takes about {about} s of processor time a frame at {size_px[0]}x{size_px[1]}, and "
            f"{bound_s:g} s is the most: shorten its loops, or draw it smaller",
        )  # fmt: skip


Described = tuple[dict[str, Any], Shader | None]


def describe(ctx: moderngl.Context, name: str, text: str) -> Described:
    """Compile a shader, and say what it is without drawing it: the report is that of `blank`."""
    report = blank(name)
    try:
        shader = compile_shader(ctx, name, text, is_raw=True)
    except ShaderError as error:
        return {**report, "error": str(error)}, None
    return {
        **report,
        "kind": shader.header.kind,
        "inputs": [{"name": i.name, "type": i.type} for i in shader.header.inputs],
        "compiled": True,
        "unused": unused(shader),
        "notes": [f"{file_name(name)}:{line}: {note}" for line, note in shader.header.notes],
    }, shader


def check(
    ctx: moderngl.Context, described: Described, given: tuple[tuple[int, int], Brought],
    most: tuple[float, Callable[[], float]],
) -> tuple[dict[str, Any], NDArray[np.float32] | None]:  # fmt: skip
    """Draw a described shader over a test picture, report on it, and release it.

    Audio inputs get a tone, and silence for comparison; each image input but the first gets
    another picture.

    Parameters
    ----------
    given
        Size in pixels, and the pictures that the shader brings along.
    most
        As of `judge`: one that takes longer is not drawn, and its figure is told.

    Returns
    -------
    dict
        See `blank`.
    NDArray or None
        What it drew: display-referred RGBA, row 0 at the bottom [shape=(H, W, 4)].
    """
    (report, shader), (size_px, brought) = described, given
    if shader is None:
        return report, None
    try:
        _weigh(ctx, shader, size_px, most)
    except TooSlowError as error:
        release_shader(shader)
        return {**report, "error": str(error), "cpu_ms": round(error.whole_s * 1e3, 3)}, None
    benches = [_Bench(ctx, shader, size_px, brought, is_tone) for is_tone in _tones(shader)]
    drawn = [_drawn(bench, most[1]) for bench in benches]
    release_shader(shader)
    pixels, cpu_ms, notes = drawn[-1]
    return report | {
        "drew": True,
        "nan": not all(bool(np.isfinite(each).all()) for each, *_ in drawn),
        "flat": all(bool((each == each[0]).all()) for each, *_ in drawn),
        "notes": [*report["notes"], *notes],
        "cpu_ms": round(cpu_ms, 3),
    }, pixels.reshape(size_px[1], size_px[0], 4)


def blank(name: str) -> dict[str, Any]:
    """Report on a shader of which nothing is known yet.

    ``file, kind, inputs, compiled, drew, error``; ``nan`` if any pixel is not finite, ``flat`` if
    all are alike, ``unused``: inputs that the program never reads, ``notes``: sentences on what is
    done otherwise than it asks for, ``cpu_ms`` of one frame after the first.
    """
    return {
        "file": file_name(name), "kind": None, "inputs": [], "compiled": False, "drew": False,
        "error": None, "nan": False, "flat": False, "unused": [], "notes": [], "cpu_ms": None,
    }  # fmt: skip


def unused(shader: Shader) -> list[str]:
    """Inputs that no program of a shader reads, nor the size of a buffer, in order."""
    passes = shader.header.passes
    sizes = set(re.findall(r"\w+", " ".join(f"{each.width} {each.height}" for each in passes)))
    return [
        item.name
        for item in shader.header.inputs
        if item.name not in sizes
        and not any(program.reads(shader.names[item.name]) for program in shader.programs)
    ]


def _tones(shader: Shader) -> tuple[bool, ...]:
    """With sound as the last, so that its picture is the one that is kept."""
    has_sound = any(item.type in SOUNDS for item in shader.header.inputs)
    return (False, True) if has_sound else (True,)


def _drawn(
    bench: _Bench, spent_s: Callable[[], float]
) -> tuple[NDArray[np.float32], float, list[str]]:
    """Pixels after some frames, milliseconds a frame, and what is to be said; closes the bench."""
    bench.draw(0)  # the driver compiles once more at the first drawing
    bench.pixels()
    start_s = spent_s()
    for frame in range(1, 1 + _FRAMES):
        bench.draw(frame)
    bench.finish()
    spent_ms = (spent_s() - start_s) / _FRAMES * 1e3
    pixels, notes = bench.pixels(), bench.notes
    bench.close()
    return pixels, spent_ms, notes


class _Bench:
    """One shader, test pictures on all its images, a surface to draw on."""

    def __init__(
        self, ctx: moderngl.Context, shader: Shader, size_px: tuple[int, int],
        brought: Brought | None = None, is_tone: bool = True,
    ) -> None:  # fmt: skip
        self._ctx = ctx
        self._shader = shader
        self._kit = Kit(ctx, 60.0)
        self._history = History("probe")
        self._pictures = Pictures(ctx)
        self._own: list[moderngl.Texture] = []
        self._images: dict[str, AnyTexture] = {}
        pictures = [item.name for item in shader.header.inputs if item.type == "image"]
        for item in shader.header.inputs:
            if item.type in SOUNDS:
                sound = probe_sound(item.type, is_tone)
                self._keep(item.name, (_COLUMNS, 2), sound.tobytes(), "f4")
            elif item.type == "image":  # of the kind that layers have: a driver compiles for it
                picture = probe_picture(size_px, item.name in pictures[1:])
                self._keep(item.name, size_px, picture.tobytes(), "f2")
            elif item.type in IMAGES:
                face = np.clip(probe_picture(_FACE_PX)[::-1] * 255, 0, 255).astype(np.uint8)
                self._load(item.name, np.stack([face] * 6))
        for name, rgba in (brought or {}).items():
            self._load(name, rgba)
        self.out = make_surface(ctx, size_px)

    def _keep(self, name: str, size_px: tuple[int, int], data: bytes, dtype: str) -> None:
        texture = self._ctx.texture(size_px, 4, data, dtype=dtype)
        texture.repeat_x = texture.repeat_y = False
        self._images[name] = texture
        self._own.append(texture)

    def _load(self, name: str, rgba: NDArray[np.uint8]) -> None:
        self._pictures.load(name, rgba)
        texture = self._pictures.get(name)
        assert texture is not None
        self._images[name] = texture

    @property
    def notes(self) -> list[str]:
        return list(self._kit.notes.values())

    def finish(self) -> None:
        self._ctx.finish()

    def draw(self, frame: int, uniforms: Mapping[str, Uniform] | None = None) -> None:
        self._ctx.disable(moderngl.BLEND)
        seconds = 1 + frame / 60 if frame else 0.0  # what sows its buffers does it at the beginning
        item = Pass("probe", "probe", uniforms or {}, {}, seconds, frame)
        run(self._kit, self._shader, item, self._images, self._history, self.out, True)

    def pixels(self) -> NDArray[np.float32]:
        data = self.out.fbo.read(components=4, dtype="f2")
        return np.frombuffer(data, np.float16).astype(np.float32).reshape(-1, 4)

    def close(self) -> None:
        for surface in (self.out, *self._history.targets.values()):
            release(surface)
        self._pictures.release()
        for texture in self._own:
            texture.release()
        self._kit.release()
        collect(self._ctx)
