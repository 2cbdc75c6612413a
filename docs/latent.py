"""Draw the pictures of docs/latent.md: ``python docs/latent.py`` in a clone, a minute or two.

The map is what the generator `map` draws, the sheet of directions
``latent-cinema directions … --sheet``, the sheet of inversion ``latent-cinema invert … --sheet``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from earth_paint import Painter
from PIL import Image, ImageDraw, ImageFont

from engine.core.latent.geometry import length, onto_shell, shell_radius, slerp
from engine.core.latent.manifold import SHELL
from engine.core.latent.spline import at, spline
from engine.core.motions.closed import circle
from engine.core.motions.walk import walk

OUT = Path(__file__).parent / "latent"
SIZE, FPS, KEYS, KEY_S = 64, 60, (3, 14, 15, 92, 65, 35), 2.0
Way = Callable[[float], np.ndarray]


def points() -> list[np.ndarray]:
    """Return six keys on the shell."""
    made = (np.random.RandomState(seed).randn(SIZE) for seed in KEYS)
    return [onto_shell(each, shell_radius(SIZE)) for each in made]


def piecewise(mix: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> Way:
    """Go from key to key, each piece for itself."""
    found = points()

    def at(phase: float) -> np.ndarray:
        k, t = int(phase) % len(found), phase - math.floor(phase)
        return mix(found[k], found[(k + 1) % len(found)], t)

    return at


WAYS: dict[str, Way] = {
    "lerp from key to key": piecewise(lambda a, b, t: (1 - t) * a + t * b),
    "slerp from key to key": piecewise(slerp),
    "OpenSimplex circle": lambda phase: circle(1, math.tau * phase / len(KEYS), SIZE, math.tau),
    "keys: spherical Hermite": lambda phase: at(spline(SHELL, points()), phase),
    "walk: root of B-splines": lambda phase: walk(1, "figure", phase, SIZE),
}


def figures(way: Way) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return length over the shell, speed in rad/s, turn of the velocity in degrees a frame."""
    count = round(len(KEYS) * KEY_S * FPS)
    z = np.array([way(n / (KEY_S * FPS)) for n in range(count + 2)])
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    speed = 2 * np.arcsin(np.clip(np.linalg.norm(np.diff(unit, axis=0), axis=1) / 2, 0, 1)) * FPS
    v = np.diff(z, axis=0)
    v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    turn = np.degrees(np.arccos(np.clip((v[1:] * v[:-1]).sum(axis=1), -1, 1)))
    return (
        np.array([length(each) for each in z[:count]]) / shell_radius(SIZE),
        speed[:count],
        turn[:count],
    )


def draw_paths(out: Path) -> None:
    """Draw length, speed and turn of every way over twelve seconds."""
    left, wide, high, top = 300, 420, 86, 70
    titles = (
        ("length (1 is the shell)", 1.25),
        ("speed, rad/s", 2.4),
        ("turn, ° in a frame", 100.0),
    )
    sheet = Image.new(
        "RGB", (left + 3 * wide + 20, top + len(WAYS) * (high + 24) + 10), (16, 16, 18)
    )
    pen = ImageDraw.Draw(sheet)
    large, small = (ImageFont.load_default(size) for size in (20, 14))
    for column, (title, most) in enumerate(titles):
        x = left + column * wide
        pen.text((x, 20), title, (235, 235, 235), large)
        pen.text((x + wide - 70, 24), f"0 to {most:g}", (140, 140, 140), small)
    for row, (name, way) in enumerate(WAYS.items()):
        y = top + row * (high + 24)
        is_ours = row >= 3
        pen.text(
            (16, y + high // 2 - 10), name, (255, 214, 120) if is_ours else (200, 200, 200), large
        )
        for column, (values, (_, most)) in enumerate(zip(figures(way), titles, strict=True)):
            x = left + column * wide
            pen.rectangle((x, y, x + wide - 24, y + high), (26, 26, 30))
            if column == 0:
                level = y + high - high / most
                pen.line((x, level, x + wide - 24, level), (70, 70, 76))
            shown = np.clip(values / most, 0, 1)
            line = [
                (x + (wide - 24) * i / len(shown), y + high - high * v) for i, v in enumerate(shown)
            ]
            pen.line(line, (255, 190, 60) if is_ours else (120, 170, 255), 2)
    sheet.save(out)


EARTH = Path(__file__).parents[1] / "presets/networks/earth.safetensors"
BENDS: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("as it is", "", {}),
    ("translate b8.conv1", "translate", {"_x": 0.25}),
    ("rotate b8.conv1", "rotate", {"": 0.8}),
    ("scale b8.conv1", "scale", {"": 2.0}),
    ("flip_h b8.conv1", "flip_h", {"": 1.0}),
    ("erode b8.conv1", "erode", {"": 1.0}),
    ("dilate b16.conv1", "dilate", {"": 1.0}),
    ("threshold b32.conv0", "threshold", {"": 1.0}),
    ("invert b32.conv0", "invert", {"": 1.0}),
    ("multiply b16.conv1", "multiply", {"": 2.5}),
    ("add b32.conv0", "add", {"": 1.0}),
    ("ablate b32.conv1", "ablate", {"": 1.0}),
    ("noise b64.conv0", "noise", {"": 2.0}),
    ("swap b32.conv1", "swap", {"": 1.0}),
)


def draw_bends(out: Path) -> None:
    """Draw one Earth with half of a layer's channels bent, each way."""
    import torch

    from engine.core.show.generator import Request
    from engine.generators.editing.bend_ops import BendTable
    from engine.generators.kinds import stylegan2

    painter = Painter((192, 192))
    side, columns, gap, below = 192, 5, 8, 26
    rows = -(-len(BENDS) // columns)
    sheet = Image.new(
        "RGB", (columns * (side + gap) + gap, rows * (side + below) + gap), (16, 16, 18)
    )
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    z = np.random.RandomState(9).randn(1, 64)[0].astype(np.float32)
    for place, (name, op, knobs) in enumerate(BENDS):
        bends = [BendTable(name.split()[1], op, "half", "it", edge="reflection")] if op else []
        generator = stylegan2.build(stylegan2.Config(str(EARTH), bends=bends))
        asked = {f"bend_it{knob}": value for knob, value in knobs.items()}
        pixels, _ = generator.render(Request(0.0, {"z": z, "z_b": z}, asked, (64, 64)))
        rgb = (pixels[0, :3].clamp(0, 1) * 255).to(torch.uint8).permute(1, 2, 0).numpy()
        x = gap + place % columns * (side + gap)
        y = gap + place // columns * (side + below)
        sheet.paste(Image.fromarray(painter.paint(rgb)), (x, y))
        pen.text((x, y + side + 4), name, (220, 220, 220), font)
    sheet.save(out, quality=86)


def draw_map(out: Path) -> None:
    """Draw the map of *Atlas*."""
    from engine.generators.kinds import map as maps

    controls = {each.address: each.default for each in maps.PARAMETERS}
    drawn = maps.draw(
        maps._open(str(EARTH.with_suffix(".map.npz"))),
        {**controls, "size": 0.16, "lit": 0.0, "mark": 0.0},
        (1120, 630),
    )
    sheet = Image.new("RGB", drawn.size, (16, 16, 18))
    sheet.paste(drawn, (0, 0), drawn)
    sheet.save(out, quality=86)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    draw_paths(OUT / "paths.png")
    draw_bends(OUT / "bends.jpg")
    draw_map(OUT / "map.jpg")
