"""Render passes of an ISF shader, with their persistent buffers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import moderngl

from engine.compositor.gl.pictures import AnyTexture
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import COPY, MIX
from engine.compositor.gl.surface import Pool, Surface
from engine.compositor.isf.shader import Shader, coerce_uniform, file_name
from engine.core.frame.plan import Pass
from engine.core.isf.buffers import SIDES, PassSpec
from engine.core.isf.size import LARGEST_PX, evaluate_size

_MOST_PX = 4_000_000

Images = Mapping[str, AnyTexture]


@dataclass(slots=True)
class History:
    """What one `Pass.key` remembers between picture steps."""

    shader: str
    targets: dict[str, Surface] = field(default_factory=dict)
    steps: int = 0
    newest: int = 0  # step in which it was last used


class Onto(NamedTuple):
    """How a last pass is laid on a canvas by the pass itself.

    Parameters
    ----------
    opacity, most
        Of the layer · how bright it may be.
    blend
        Factors of what is drawn and of what is below; None: nothing is below.
    """

    opacity: float
    most: float
    blend: tuple[int, int] | None


class Kit:
    """What every drawing needs: the pool, one black pixel, a copier."""

    def __init__(self, ctx: moderngl.Context, picture_hz: float) -> None:
        self.ctx = ctx
        self.pool = Pool(ctx)
        self.black = ctx.texture((1, 1), 4, data=bytes(4))
        self.black_cube = ctx.texture_cube((1, 1), 4, data=bytes(24))
        self.copier = Program(ctx, COPY)
        self.mixer = Program(ctx, MIX)
        # Without a GPU a pixel that is not filtered costs half.
        self.nearest = ctx.sampler(filter=(moderngl.NEAREST, moderngl.NEAREST))
        self.picture_hz = picture_hz
        self.notes: dict[tuple[str, str], str] = {}
        """Shader and buffer → what the operator should know of it, a sentence."""

    def copy(
        self,
        source: moderngl.Texture,
        target: Surface,
        under: moderngl.Texture | None = None,
        mix: float = 1.0,
    ) -> None:
        """Draw `source` over the whole of `target`, rescaled, faded over `under`, premultiplied."""
        copier = self.copier if mix >= 1.0 else self.mixer
        copier.send("host_mix", mix)
        copier.bind("image", source)
        copier.bind("under", under or self.black)
        copier.draw(target.fbo)

    def release(self) -> None:
        """Give the GL objects back."""
        self.pool.clear()
        self.black.release()
        self.black_cube.release()
        self.copier.release()
        self.mixer.release()
        self.nearest.release()


def run(
    kit: Kit, shader: Shader, item: Pass, images: Images, history: History | None, out: Surface,
    is_step: bool, onto: Onto | None = None,
) -> None:  # fmt: skip
    """Draw all passes of a shader; the last one fills `out`.

    A pass that has a target draws into a fresh buffer, which becomes the target's content as soon
    as it is done: the pass itself reads what was there before, later passes what it drew. A target
    that does not persist is empty until it is drawn in the same frame.

    Parameters
    ----------
    images
        Image input → texture; missing ones are black.
    history
        Buffers that persist, or None.
    is_step
        Whether to keep what the persistent buffers become. Otherwise they are only read.
    onto
        If `out` is a canvas: how the last pass is laid on it, see `lays_itself`.

    References
    ----------
    ISF specification v2, PASSES; VVISF, VVISFScene `_render`.
    """
    passes = shader.header.passes
    sizes = _sizes(kit, shader, item, images, out)
    if history is not None:
        _prepare(kit, passes, sizes, history)
    kept = dict(history.targets) if history else {}
    targets = dict(kept)
    mix = item.mix if "inputImage" in shader.names else 1.0
    last = kit.pool.take(out.size_px) if mix < 1 else out
    surface = last
    for index, spec in enumerate(passes):
        surface = kit.pool.take(sizes[index], _dtype(spec)) if spec.target else last
        program = shader.programs[index]
        program.send("PASSINDEX", index)
        program.send("RENDERSIZE", (float(sizes[index][0]), float(sizes[index][1])))
        _send(kit, shader, program, item, history)
        seen = {**images, **{n: each.texture for n, each in targets.items()}} if targets else images
        nearest = _bind(kit, shader, program, seen, sizes[index])
        _draw(kit, program, surface, onto if index == len(passes) - 1 else None)
        for unit in nearest:
            kit.nearest.clear(unit)
        if spec.target:
            old = targets.get(spec.target)
            if old is not None and old is not kept.get(spec.target):
                kit.pool.give(old)
            targets[spec.target] = surface
    if surface is not out:
        under = images.get("inputImage")
        kit.copy(surface.texture, out, under if isinstance(under, moderngl.Texture) else None, mix)
    if last is not out:
        kit.pool.give(last)
    _keep(kit, passes, history if is_step else None, kept, targets)


def lays_itself(shader: Shader, item: Pass) -> bool:
    """Whether the last pass of a shader may be laid on a canvas: whole, and read by nobody."""
    is_whole = item.mix >= 1.0 or "inputImage" not in shader.names
    return is_whole and not shader.header.passes[-1].target


def _draw(kit: Kit, program: Program, surface: Surface, onto: Onto | None) -> None:
    """Draw a pass into its surface, or onto a canvas."""
    program.send("host_most", onto.most if onto else 0.0)
    if onto is None:
        program.draw(surface.fbo)
        return
    program.send("host_opacity", onto.opacity)
    if onto.blend is not None:
        kit.ctx.enable(moderngl.BLEND)
        kit.ctx.blend_func = onto.blend
    program.draw(surface.fbo)
    kit.ctx.disable(moderngl.BLEND)


def _dtype(spec: PassSpec) -> str:
    return "f4" if spec.is_float else "f2"


def _sizes(
    kit: Kit, shader: Shader, item: Pass, images: Images, out: Surface
) -> list[tuple[int, int]]:
    """Size of each pass in pixels; a size that has no value now is the output's."""
    width, height = out.size_px
    passes = shader.header.passes
    if not any(spec.width or spec.height for spec in passes):
        return [out.size_px] * len(passes)
    values = {"WIDTH": float(width), "HEIGHT": float(height)}
    for name, default in shader.defaults.items():
        value = item.uniforms.get(name, default)
        if not isinstance(value, tuple):
            values.setdefault(name, float(value))
    for name, texture in images.items():
        for key, pixels in zip(SIDES, texture.size, strict=True):
            values[f"{key}_{name}"] = float(pixels)

    def side(expression: str, whole: int) -> int:
        try:
            return evaluate_size(expression, values) if expression else whole
        except ValueError:  # division by an input that is 0 now
            return whole

    sizes = []
    for spec in passes:
        asked = (side(spec.width, width), side(spec.height, height)) if spec.target else out.size_px
        size_px = _bounded(asked, out.size_px)
        if size_px != asked or max(asked) >= LARGEST_PX > max(out.size_px):
            kit.notes.setdefault((shader.name, spec.target), _shrunk(shader, spec, size_px))
        sizes.append(size_px)
    return sizes


def _shrunk(shader: Shader, spec: PassSpec, size_px: tuple[int, int]) -> str:
    return (
        f"{file_name(shader.name)}: its buffer {spec.target} is drawn smaller than it asks for, at "
        f"{size_px[0]}x{size_px[1]}: four times the picture, or 4 million pixels, are the most"
    )


def _bounded(size_px: tuple[int, int], out_px: tuple[int, int]) -> tuple[int, int]:
    """Shrink a buffer that would take too much memory: no more than 4 outputs, or 4 Mpx."""
    most = max(4 * out_px[0] * out_px[1], _MOST_PX)
    excess = size_px[0] * size_px[1] / most
    if excess <= 1:
        return size_px
    return max(1, int(size_px[0] / excess**0.5)), max(1, int(size_px[1] / excess**0.5))


def _prepare(
    kit: Kit, passes: tuple[PassSpec, ...], sizes: list[tuple[int, int]], history: History
) -> None:
    """Bring the persistent buffers to the sizes wanted: new ones black, old ones rescaled."""
    wanted = {
        spec.target: (size, _dtype(spec))
        for spec, size in zip(passes, sizes, strict=True)
        if spec.persistent
    }
    for name in [n for n in history.targets if n not in wanted]:
        kit.pool.give(history.targets.pop(name))
    for name, (size_px, dtype) in wanted.items():
        old = history.targets.get(name)
        if old is not None and (old.size_px, old.dtype) == (size_px, dtype):
            continue
        fresh = kit.pool.take(size_px, dtype)
        if old is None:
            fresh.fbo.clear()
        else:
            kit.copy(old.texture, fresh)
            kit.pool.give(old)
        history.targets[name] = fresh


def _send(kit: Kit, shader: Shader, program: Program, item: Pass, history: History | None) -> None:
    is_first = history is not None and history.steps == 0
    program.send("TIME", item.seconds)
    program.send("TIMEDELTA", 0.0 if is_first else 1.0 / kit.picture_hz)
    program.send("FRAMEINDEX", item.step)
    program.send("DATE", item.date or (2000.0, 1.0, 1.0, item.seconds))
    for name, kind in shader.types.items():
        value = item.uniforms.get(name, shader.defaults[name])
        program.send(shader.names[name], coerce_uniform(kind, value))


def _bind(
    kit: Kit, shader: Shader, program: Program, images: Images, size_px: tuple[int, int]
) -> list[int]:
    """Bind the images of a pass; return the units on which nothing is filtered."""
    nearest = []
    for name, in_program in shader.names.items():
        if in_program in program.units:
            texture = images.get(name, kit.black)
            is_cube = isinstance(texture, moderngl.TextureCube)
            if is_cube != (name in shader.cubes):
                texture = kit.black if is_cube else kit.black_cube
            program.bind(in_program, texture)
            if name in shader.in_place and texture.size == size_px:
                nearest.append(program.units[in_program])
                kit.nearest.use(nearest[-1])
    return nearest


def _keep(
    kit: Kit, passes: tuple[PassSpec, ...], history: History | None,
    kept: Mapping[str, Surface], targets: Mapping[str, Surface],
) -> None:  # fmt: skip
    """Hand new persistent contents to the history, everything else back to the pool."""
    persistent = {spec.target for spec in passes if spec.persistent}
    for name, surface in targets.items():
        if surface is kept.get(name):
            continue
        if history is not None and name in persistent:
            history.targets[name] = surface
            kit.pool.give(kept[name])
        else:
            kit.pool.give(surface)
    if history is not None:
        history.steps += 1
