"""Render passes of an ISF shader, with their persistent buffers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import moderngl

from engine.compositor.gl.ending import STRAIGHT, Ending, end
from engine.compositor.gl.pictures import AnyTexture
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import COPY, MIX, SAME
from engine.compositor.gl.surface import Pool, Surface
from engine.compositor.isf.shader import Shader, coerce_uniform, file_name
from engine.core.frame.plan import Pass
from engine.core.isf.buffers import SIDES, PassSpec
from engine.core.isf.size import LARGEST_PX, evaluate_size
from engine.core.isf.turns import PREFIX

_MOST_PX = 4_000_000

Images = Mapping[str, AnyTexture]


@dataclass(slots=True)
class History:
    """What one `Pass.key` remembers between picture steps."""

    shader: str
    targets: dict[str, Surface] = field(default_factory=dict)
    steps: int = 0
    newest: int = 0  # step in which it was last used


class Kit:
    """What every drawing needs: the pool, one black pixel, copiers."""

    def __init__(self, ctx: moderngl.Context, picture_hz: float) -> None:
        self.ctx = ctx
        self.pool = Pool(ctx)
        self.black = ctx.texture((1, 1), 4, data=bytes(4))
        self.black_cube = ctx.texture_cube((1, 1), 4, data=bytes(24))
        self._copier = Program(ctx, COPY)
        self._same = Program(ctx, SAME)
        self._mixer = Program(ctx, MIX)
        # Without a GPU a pixel that is not filtered costs half.
        self.nearest = ctx.sampler(filter=(moderngl.NEAREST, moderngl.NEAREST))
        self.picture_hz = picture_hz
        self.notes: dict[tuple[str, str], str] = {}
        """Shader and buffer → what the operator should know of it, a sentence."""

    def lay(
        self,
        source: moderngl.Texture,
        size_px: tuple[int, int],
        ending: Ending = STRAIGHT,
        under: AnyTexture | None = None,
        mix: float = 1.0,
    ) -> Surface:
        """Draw a picture in a size, faded over another one, premultiplied."""
        if mix < 1.0:
            program = self._mixer
            program.send("host_mix", mix)
            program.send("size_px", (float(size_px[0]), float(size_px[1])))
            program.bind("under", under if isinstance(under, moderngl.Texture) else self.black)
        else:
            program = self._same if source.size == size_px else self._copier
        program.bind("image", source)
        return end(self.pool, program, size_px, ending)

    def copy(self, source: moderngl.Texture, target: Surface) -> None:
        """Draw `source` over the whole of `target`, rescaled."""
        self.lay(source, target.size_px, Ending(canvas=target))

    def release(self) -> None:
        """Give the GL objects back."""
        self.pool.clear()
        self.black.release()
        self.black_cube.release()
        for program in (self._copier, self._same, self._mixer):
            program.release()
        self.nearest.release()


def draw(
    kit: Kit, shader: Shader, item: Pass, images: Images, history: History | None,
    size_px: tuple[int, int], is_step: bool, ending: Ending = STRAIGHT,
) -> Surface:  # fmt: skip
    """Draw all passes of a shader in a size; return what the last one is drawn on.

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

    References
    ----------
    ISF specification v2, PASSES; VVISF, VVISFScene `_render`.
    """
    passes = shader.header.passes
    sizes = _sizes(kit, shader, item, images, size_px)
    if history is not None:
        _prepare(kit, passes, sizes, history)
    kept = dict(history.targets) if history else {}
    targets = dict(kept)
    mix = item.mix if "inputImage" in shader.names else 1.0
    ends = mix >= 1.0 and _ends(shader, sizes[-1] == size_px, ending)
    for index, spec in enumerate(passes):
        is_last = index == len(passes) - 1
        program = shader.programs[index]
        program.send("PASSINDEX", index)
        program.send("RENDERSIZE", (float(sizes[index][0]), float(sizes[index][1])))
        _send(kit, shader, program, item, history)
        seen = {**images, **{n: each.texture for n, each in targets.items()}} if targets else images
        nearest = _bind(kit, shader, program, seen, sizes[index])
        if is_last and ends:
            surface = end(kit.pool, program, size_px, ending)
        else:
            into = kit.pool.take(sizes[index], _dtype(spec) if spec.target else "f2")
            surface = end(kit.pool, program, sizes[index], Ending(canvas=into))
        for unit in nearest:
            kit.nearest.clear(unit)
        if spec.target and not (is_last and ends):
            old = targets.get(spec.target)
            if old is not None and old is not kept.get(spec.target):
                kit.pool.give(old)
            targets[spec.target] = surface
    if not ends:
        wanted = size_px, ending, images.get("inputImage"), mix
        surface = _ended(kit, surface, wanted, passes[-1])
    _keep(kit, passes, history if is_step else None, kept, targets)
    return surface


def run(
    kit: Kit, shader: Shader, item: Pass, images: Images, history: History | None, out: Surface,
    is_step: bool,
) -> None:  # fmt: skip
    """Draw all passes of a shader into `out`, see `draw`."""
    draw(kit, shader, item, images, history, out.size_px, is_step, Ending(canvas=out))


def _ends(shader: Shader, is_whole: bool, ending: Ending) -> bool:
    """Whether the last pass is drawn where it ends, because nobody reads its target."""
    if ending.area is not None and shader.header.vertex:  # it sees where it lies on the canvas
        return False
    last = shader.header.passes[-1].target
    kept = {spec.target for spec in shader.header.passes if spec.persistent}
    return not last or (is_whole and last not in kept)


def _ended(
    kit: Kit,
    surface: Surface,
    wanted: tuple[tuple[int, int], Ending, AnyTexture | None, float],
    last: PassSpec,
) -> Surface:
    """Bring what the last pass drew where it ends; a buffer that is what is wanted is shared."""
    size_px, ending, _, mix = wanted
    is_same = surface.size_px == size_px and surface.dtype == "f2" and mix >= 1.0
    if is_same and last.target and ending == STRAIGHT:
        return kit.pool.share(surface)
    found = kit.lay(surface.texture, *wanted)
    if not last.target:
        kit.pool.give(surface)
    return found


def _dtype(spec: PassSpec) -> str:
    return "f4" if spec.is_float else "f2"


def _sizes(
    kit: Kit, shader: Shader, item: Pass, images: Images, out_px: tuple[int, int]
) -> list[tuple[int, int]]:
    """Size of each pass in pixels; a size that has no value now is the output's."""
    width, height = out_px
    passes = shader.header.passes
    if not any(spec.width or spec.height for spec in passes):
        return [out_px] * len(passes)
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
        asked = (side(spec.width, width), side(spec.height, height)) if spec.target else out_px
        size_px = _bounded(asked, out_px)
        if size_px != asked or max(asked) >= LARGEST_PX > max(out_px):
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
    program.send("FRAMEINDEX", item.step if history is None else history.steps)
    program.send("DATE", item.date or (2000.0, 1.0, 1.0, item.seconds))
    for name, kind in shader.types.items():
        value = item.uniforms.get(name, shader.defaults[name])
        program.send(shader.names[name], coerce_uniform(kind, value))
        if kind == "long":
            program.send(PREFIX + name, item.uniforms.get(PREFIX + name, 0.0))


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
