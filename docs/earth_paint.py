"""Paint pictures of *Earth*, which hold height, wetness and ice, as shows do; see docs/earth.md.

``python docs/earth_paint.py IN OUT`` paints the small pictures of a map (``.map.npz``) or an
archive (``.archive.safetensors``), or a picture (``.png``).
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np
import torch
from PIL import Image
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine.compositor.gl.context import open_context
from engine.compositor.gl.surface import make_surface
from engine.compositor.isf.passes import History, Kit, run
from engine.compositor.isf.shader import compile_shader
from engine.core.frame.plan import Pass
from engine.generators.archive import index as archive

SHADER = Path(__file__).resolve().parents[1] / "shaders" / "earth.fs"
THUMB_PX = 112


class Painter:
    """Draws ``earth.fs`` over pictures, at a size of its own [side, px]."""

    def __init__(self, size: tuple[int, int], inputs: dict[str, float] | None = None) -> None:
        self.size, self.inputs = size, inputs or {}
        self.ctx = open_context()
        text = SHADER.read_text("utf-8")
        self.shader = compile_shader(self.ctx, "earth", text, is_raw=True)
        self.kit, self.history = Kit(self.ctx, 60.0), History("paint")
        self.image = self.ctx.texture(size, 4, dtype="f2")
        self.out = make_surface(self.ctx, size)
        self.paint(np.zeros((4, 4, 3), np.uint8))  # the sheet of chance is drawn once, and kept

    def paint(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture [shape=(H, W, 3), uint8] painted, and enlarged."""
        x = torch.from_numpy(np.ascontiguousarray(picture[::-1])).permute(2, 0, 1)[None] / 255
        x = functional.interpolate(x, self.size[::-1], mode="bicubic").clamp(0, 1)[0]
        data = torch.cat([x, torch.ones_like(x[:1])]).permute(1, 2, 0).half().contiguous()
        self.image.write(data.numpy().tobytes())
        self.ctx.disable(moderngl.BLEND)
        item = Pass("paint", "paint", dict(self.inputs), {}, 1.0, 0)
        images = {"inputImage": self.image}
        run(self.kit, self.shader, item, images, self.history, self.out, True)
        read = np.frombuffer(self.out.fbo.read(components=4, dtype="f2"), np.float16)
        read = read.reshape(self.size[1], self.size[0], 4)[::-1, :, :3].astype(np.float32)
        return np.rint(read.clip(0, 1) * 255).astype(np.uint8)


def paint_map(source: Path, target: Path) -> None:
    """Paint the small pictures of a map."""
    with np.load(source) as data:
        parts = {name: data[name] for name in data.files}
    side = parts["thumbs"].shape[1]
    painter = Painter((side, side))
    parts["thumbs"] = np.stack([painter.paint(x) for x in parts["thumbs"]])
    np.savez(target, **parts)


def paint_archive(source: Path, target: Path) -> None:
    """Paint the small pictures of an archive; what it compares pictures by stays."""
    index = archive.load(source)
    painter, found = Painter((THUMB_PX, THUMB_PX)), []
    begins = [0, *index.ends[:-1]]
    for begin, end in zip(begins, index.ends, strict=True):
        picture = Image.open(io.BytesIO(index.thumbs[begin:end].tobytes())).convert("RGB")
        file = io.BytesIO()
        painted = Image.fromarray(painter.paint(np.array(picture)))
        painted.save(file, "WEBP", quality=80, method=4)
        found.append(file.getvalue())
    thumbs = np.frombuffer(b"".join(found), np.uint8)
    ends = np.cumsum([len(one) for one in found], dtype=np.int64)
    with target.open("wb") as file:
        archive.write(file, replace(index, thumbs=thumbs, ends=ends))


def main(source: Path, target: Path) -> None:
    """Paint what is there."""
    if source.name.endswith(".archive.safetensors"):
        paint_archive(source, target)
    elif source.suffix == ".npz":
        paint_map(source, target)
    else:
        picture = np.array(Image.open(source).convert("RGB"))
        Image.fromarray(Painter((1280, 720)).paint(picture)).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
