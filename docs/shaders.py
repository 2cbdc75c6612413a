"""Write docs/shaders.md and its pictures: ``python docs/shaders.py [NAME …]`` in a clone.

What a shader does and takes is read from its header; what it is good for stands here. Without names
every picture is drawn again, in some minutes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from PIL import Image

from engine.compositor.gl.context import open_context
from engine.compositor.gl.surface import make_surface
from engine.compositor.isf.passes import History, Kit, run
from engine.compositor.isf.shader import Shader, compile_shader
from engine.core.frame.plan import Pass
from engine.core.isf import header
from engine.core.isf.header import Header, Input
from engine.core.isf.inputs import IMAGES

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parent / "shaders"
OUT = HERE / "shaders.md"
PICTURES = HERE / "shaders"
COSTS = PICTURES / "costs.json"
DRAWN_PX, SHOWN_PX, COST_PX, HZ = (640, 360), (320, 180), (1280, 720), 60
HEAD = """# Shaders

Effects, transitions and generators that come along. Play one as it is, or put it into a show:

```sh
latent-cinema play shaders/clouds.fs          # a generator
latent-cinema play neon                       # a show that chains several effects
```

```toml
[[layers.effects]]
shader = "kaleidoscope"
inputs = { segments = 8, turning = 120 }
```

Every input is a parameter: `/layer/ID/effect/kaleidoscope/segments` moves it by OSC, by a fader, by
sound ([shows](shows.md#layerseffects-and-layerssource), [parameters](parameters.md#shaders)). This
page is made from the files (`python docs/shaders.py`), the pictures over two of our own shows.

- **Sizes** are in picture heights, so that every resolution shows the same. Angles are in turns.
- **Pace** is in whole rounds an hour, because the shaders' clock begins anew each hour: nothing
  jumps there, nor when `pace` is moved while it plays: the rounds go on from where they are (but
  in `arcs` and `slits`, whose tiles each count their own).
- **Half-lives** are in seconds: what remembers looks the same at every frame rate.
- **Cost** is processor time of a frame of 1280x720, in milliseconds, drawn without a graphics card
  (llvmpipe, two cores of a Xeon); a graphics card is many times faster.
- To write your own: [adding.md](adding.md#an-effect). How others' files are read:
  [shows.md](shows.md#shaders).
"""
GROUPS = (
    ("Geometry", "Mirrors, lenses and currents"), ("Memory", "Memory"), ("Light", "Light"),
    ("Colour", "Colour"), ("Line", "Line"), ("Print", "Print"), ("Film", "Film and video"),
    ("Impact", "Impact"), ("Composition", "Composition"), ("Transition", "Transitions"),
    ("Noise", "Generators: noise"), ("Pattern", "Generators: patterns"),
    ("Form", "Generators: forms"), ("Ground", "Generators: grounds"),
    ("Sound", "Generators: sound"), ("Paint", "Painting"),
    ("Dome", "Domes and panoramas"), ("Generator", "Other layers"),
)  # fmt: skip
GOOD_FOR = json.loads((PICTURES / "good_for.json").read_text("utf-8"))
# What the pictures show: other inputs than the defaults, and how many seconds it has run.
SHOWN: dict[str, dict[str, Any]] = {
    "kaleidoscope": {"view": (0.3, 0.6)}, "wallpaper": {"view": (0.3, 0.6)},
    "waveform": {"gain": 0.8}, "strike": {"amount": 0.7},
    "scar": {"strength": 1.5}, "split": {"line": 1.0},
    "paper": {"islands": 1.0}, "strobe": {"phase": 0.4}, "dome": {"source": 1},
}  # fmt: skip
AFTER_S = {"spectrogram": 8.2, "coral": 10.0, "currents": 9.0, "slitscan": 6.5, "feedback": 4.0}
MOVING = (PICTURES / "moving.fs").read_text("utf-8")


def names() -> list[str]:
    """Every shader that is shipped, but what a layer of text draws itself with."""
    return sorted(path.stem for path in LIBRARY.glob("*.fs") if path.stem != "lettering")


def read(name: str) -> Header:
    """Header of a shipped shader."""
    return header.parse((LIBRARY / f"{name}.fs").read_text("utf-8"), name)


def takes(item: Input) -> str:
    """What an input takes, and its default, in a few words."""
    if item.type in IMAGES:
        return "a picture" if item.type == "image" else "sound"
    if item.values:
        place = item.values.index(int(item.default)) if isinstance(item.default, float) else 0
        return " / ".join(f"**{w}**" if k == place else w for k, w in enumerate(item.labels))
    if item.type in ("event", "bool"):
        stands = "**yes** or no" if item.default else "yes or **no**"
        return "a trigger" if item.type == "event" else stands
    if isinstance(item.default, tuple):
        shown = ", ".join(f"{each:g}" for each in item.default[:3])
        return f"a {'colour' if item.type == 'color' else 'point'}, **{shown}**"
    unit = f" {item.unit}" if item.unit else ""
    return f"{item.low:g} to {item.high:g}, **{item.default:g}**{unit}"


def entry(name: str, costs: dict[str, float]) -> Iterator[str]:
    """Lines of one shader."""
    found = read(name)
    yield f"### {name}\n\n![{name}](shaders/{name}.jpg)\n\n{found.description}\n"
    yield f"**Good for** {GOOD_FOR[name]} *Cost: {costs[name]:.0f} ms.*\n"
    for item in found.inputs:
        if item.name not in ("inputImage", "startImage", "endImage"):
            yield f"- `{item.name}` {item.label or 'further picture'}: {takes(item)}"
    yield ""


def pieces() -> Iterator[str]:
    """The document, piece by piece."""
    costs = json.loads(COSTS.read_text("utf-8"))
    left = {name: read(name).categories for name in names()}
    yield HEAD
    for category, title in GROUPS:
        mine = [name for name, own in left.items() if category in own]
        if mine:
            yield f"## {title}\n\n" + " · ".join(f"[{n}](#{n})" for n in mine) + "\n"
        for name in mine:
            del left[name]
            yield from entry(name, costs)
    assert not left, f"no group of docs/shaders.py has the categories of {', '.join(left)}"


def document() -> str:
    """The whole document."""
    return "\n".join(pieces())


class Bench:
    """Draws shaders over two pictures of ours."""

    def __init__(
        self, ctx: moderngl.Context, stills: list[Image.Image], size_px: tuple[int, int]
    ) -> None:
        ctx.gc_mode = "context_gc"
        self.ctx, self._size_px = ctx, size_px
        self._kit = Kit(ctx, float(HZ))
        self._stills = [self._texture(still.resize(size_px)) for still in stills]
        self._moving = compile_shader(ctx, "moving", MOVING)
        self._seen = [make_surface(ctx, size_px) for _ in stills]
        self._out = make_surface(ctx, size_px)
        self._sound: dict[str, moderngl.Texture] = {}

    def _texture(self, picture: Image.Image) -> moderngl.Texture:
        rows = np.asarray(picture.convert("RGBA"))[::-1]
        texture = self.ctx.texture(picture.size, 4, np.ascontiguousarray(rows).tobytes())
        texture.repeat_x = texture.repeat_y = False
        return texture

    def picture(self, name: str) -> Image.Image:
        """Draw a shader as the document shows it."""
        shader = compile_shader(self.ctx, name, (LIBRARY / f"{name}.fs").read_text("utf-8"))
        inputs, history = dict(SHOWN.get(name, {})), History(name)
        if shader.header.kind == "transition":
            part_px = (SHOWN_PX[0] // 2, SHOWN_PX[1] // 2)
            whole = Image.new("RGB", (3 * part_px[0], part_px[1]))
            for place, progress in enumerate((0.2, 0.5, 0.8)):
                part = self._draw(shader, inputs | {"progress": progress}, 2.0, history)
                whole.paste(part.resize(part_px, Image.Resampling.LANCZOS), (place * part_px[0], 0))
        else:
            until = AFTER_S.get(name, 3.0)
            steps = int(until * HZ) if shader.is_stepped else 1
            for left in reversed(range(steps)):
                fired = {"mark": left == 40} if name == "scar" else {}
                shown = self._draw(shader, inputs | fired, until - left / HZ, history)
            whole = shown.resize(SHOWN_PX, Image.Resampling.LANCZOS)
        return whole

    def cost(self, name: str) -> int:
        """Processor time of a frame, in milliseconds; a transition half way."""
        shader = compile_shader(self.ctx, name, (LIBRARY / f"{name}.fs").read_text("utf-8"))
        inputs, history = SHOWN.get(name, {}) | {"progress": 0.5}, History(name)
        for step in range(8):
            if step == 3:  # the driver compiles at the first
                self.ctx.finish()
                begin = time.process_time()
            self._run(shader, inputs, 4.0 + step / HZ, history)
        self.ctx.finish()
        return round((time.process_time() - begin) / 5 * 1e3)

    def _draw(
        self, shader: Shader, inputs: dict[str, Any], seconds: float, history: History
    ) -> Image.Image:
        lamp = {"lamp": 1.0 if shader.is_stepped else 0.0}
        self.ctx.disable(moderngl.BLEND)
        for still, surface in zip(self._stills, self._seen, strict=True):
            move = Pass("m", "moving", lamp, {}, seconds, 0)
            run(self._kit, self._moving, move, {"still": still}, None, surface, True)
            lamp = {"lamp": 0.0}
        self._run(shader, inputs, seconds, history)
        data = np.frombuffer(self._out.fbo.read(components=4, dtype="f2"), np.float16).astype(float)
        rgba = np.clip(data.reshape(*self._size_px[::-1], 4)[::-1], 0, 1)
        grey = 0.16 + 0.08 * ((np.indices(rgba.shape[:2]).sum(0) // 24) % 2)[..., None]
        rgb = rgba[..., :3] * rgba[..., 3:] + grey * (1 - rgba[..., 3:])
        return Image.fromarray(np.rint(rgb * 255).astype(np.uint8))

    def _run(
        self, shader: Shader, inputs: dict[str, Any], seconds: float, history: History
    ) -> None:
        images: dict[str, moderngl.Texture] = {}
        pictures = [item.name for item in shader.header.inputs if item.type == "image"]
        for place, name in enumerate(pictures):
            images[name] = self._seen[min(place, 1)].texture
        for item in shader.header.inputs:
            if item.type in ("audio", "audioFFT"):
                images[item.name] = self._hear(item.type, seconds)
        item = Pass("k", shader.name, inputs, {}, seconds, int(seconds * HZ))
        run(self._kit, shader, item, images, history, self._out, True)

    def _hear(self, kind: str, t: float) -> moderngl.Texture:
        x = np.arange(512) / 512
        if kind == "audio":
            row = 0.5 + 0.35 * np.sin(2 * np.pi * (9 * x + 3.3 * t)) * (0.6 + 0.4 * np.sin(13 * x))
        else:
            row = np.exp(-(((x - 0.02 - 0.01 * np.sin(3 * t)) / 0.012) ** 2))
            row *= 0.25 + 0.25 * np.cos(12 * t)
            row += 0.3 * np.exp(-9 * x) * (0.6 + 0.4 * np.sin(200 * x + 5 * t))
            row += 0.12 * np.exp(-(((x - 0.3) / 0.02) ** 2)) * (np.sin(8 * t) > 0)
        if kind not in self._sound:
            self._sound[kind] = self.ctx.texture((512, 1), 4, dtype="f4")
            self._sound[kind].repeat_x = self._sound[kind].repeat_y = False
        self._sound[kind].write(np.repeat(row[None, :, None], 4, 2).astype(np.float32).tobytes())
        return self._sound[kind]


def stills() -> list[Image.Image]:
    """Two frames of shows that effects are drawn over: of First Light at 80 s, and of Painted."""
    return [Image.open(PICTURES / f"still-{name}.jpg").convert("RGB") for name in ("one", "two")]


def main() -> None:
    """Draw the pictures that are asked for, and write the document."""
    PICTURES.mkdir(exist_ok=True)
    costs = json.loads(COSTS.read_text("utf-8")) if COSTS.exists() else {}
    ctx, seen = open_context(), stills()
    small, large = Bench(ctx, seen, DRAWN_PX), Bench(ctx, seen, COST_PX)
    for name in sys.argv[1:] or names():
        small.picture(name).save(PICTURES / f"{name}.jpg", quality=80, optimize=True)
        costs[name] = large.cost(name)
        sys.stdout.write(f"{name} {costs[name]} ms\n")
    kept = {name: costs[name] for name in names()}
    COSTS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    OUT.write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
