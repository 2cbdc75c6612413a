"""How fast the picture can be grabbed, and how far the feature follows: one thread of this machine.

Usage: python bench/grab.py [FOLDER]
Prints, for each generator: steps per second of CPU time, the distance from the hand before and
after 10, 20 and 40 steps (medians over drags, in pixels of the picture), how many came within a
fifth of the way, how alike the picture around the goal is to what was grabbed (0: the same, 1: as
before), and the angle that the latent turned by. With a folder, pictures of before and after go
there: red is where it was grabbed, green where it was wanted, blue where it is.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch.nn import functional

from engine.core.show.generator import Request
from engine.generators.host.tasks import Task
from engine.generators.kinds import cppn, stylegan2
from engine.generators.tasks import point_tracking
from engine.generators.tasks.drag import Drag
from engine.models.random_networks import make_stylegan2
from tests.stylegan_files import save

EARTH = "presets/networks/earth.safetensors"
STEPS, REACH = 40, 0.12
SHOWN_PX, PATCH_PX = 256, 4


def corner(picture: torch.Tensor) -> tuple[float, float]:
    """Place in the middle of a picture [shape=(3, H, W)] that can be told from its neighbours."""
    grey = functional.avg_pool2d(picture.mean(0)[None, None], 5, 1, 2)[0, 0]
    y, x = torch.gradient(grey)
    parts = torch.stack([x * x, y * y, x * y])[:, None]
    xx, yy, xy = functional.avg_pool2d(parts, 9, 1, 4)[:, 0]
    least = (xx + yy) / 2 - (((xx - yy) / 2) ** 2 + xy * xy).sqrt()
    height, width = least.shape
    inner = torch.zeros_like(least)
    inner[height // 4 : -height // 4, width // 4 : -width // 4] = 1
    row, column = divmod(int((least * inner).argmax()), width)
    return (column + 0.5) / width, (row + 0.5) / height


def show(generator: Any, request: Request, latent: np.ndarray) -> torch.Tensor:
    """The picture of a latent [shape=(3, H, W)]."""
    port = generator.spec.ports[0].name
    pixels, _ = generator.render(replace(request, latents={port: latent}), None)
    return (pixels[0, :3] * (pixels[0, 3:] if pixels.shape[1] == 4 else 1.0)).clone()


def patch(picture: torch.Tensor, place: tuple[float, float]) -> torch.Tensor:
    """What is around a place."""
    height, width = picture.shape[1:]
    x, y = (round(part * side - 0.5) for part, side in zip(place, (width, height), strict=True))
    return picture[:, y - PATCH_PX : y + PATCH_PX + 1, x - PATCH_PX : x + PATCH_PX + 1]


def image(picture: torch.Tensor, *places: tuple[float, float]) -> Image.Image:
    """A picture with rings: red, green, blue."""
    array = (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    found = Image.fromarray(array).resize((SHOWN_PX, SHOWN_PX), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(found)
    for (x, y), ink in zip(places, ("red", "lime", "cyan"), strict=False):
        x, y = x * SHOWN_PX, y * SHOWN_PX
        pen.ellipse([x - 4, y - 4, x + 4, y + 4], outline=ink, width=2)
    return found


def pull(generator: Any, seed: int, side_px: int) -> tuple[list[float], float, float, float, Any]:
    """One drag: distances in widths, likeness, angle, seconds per step, both pictures."""
    port = generator.spec.ports[0]
    random = np.random.default_rng(seed)
    size = port.shape[-1]
    z = np.broadcast_to(random.normal(size=size), port.shape).astype(np.float32)
    decode = port.chart.decode if port.chart else lambda n: n
    request = Request(0.0, {}, {}, (side_px, side_px))
    before = show(generator, request, decode(z).astype(np.float32))
    point, angle = corner(before), random.uniform(0, 2 * math.pi)
    goal = (point[0] + REACH * math.cos(angle), point[1] + REACH * math.sin(angle))
    arrays = {"coordinates": z, "pull": np.zeros_like(z)}

    def errand(place: tuple[float, float]) -> Task:
        options = {"port": port.name, "x": place[0], "y": place[1]}
        return Task("drag", 1, arrays, options, request)

    dragged, left = Drag(generator, errand(point)), []
    next(dragged)
    dragged.receive(errand(goal))
    start_s = time.process_time()
    for _ in range(STEPS + 1):
        result = next(dragged)
        place = (float(result.options["x"]), float(result.options["y"]))
        left.append(math.dist(place, goal))
    step_s = (time.process_time() - start_s) / (STEPS + 1)
    rows = torch.from_numpy(z.reshape(-1, size))
    n = point_tracking.turned(rows, torch.from_numpy(result.arrays["pull"]).reshape(rows.shape))
    cosine = float((n * rows).sum() / (n.norm() * rows.norm()))
    after = show(generator, request, decode(n.numpy().reshape(port.shape)).astype(np.float32))
    was = patch(before, point)
    here, there = (float((patch(p, goal) - was).abs().mean()) for p in (after, before))
    pictures = (image(before, point, goal), image(after, point, goal, place))
    return left, here / there, math.acos(min(cosine, 1.0)), step_s, pictures


def measure(name: str, generator: Any, side_px: int, drags: int, folder: Path | None) -> None:
    """Print a line."""
    found = [pull(generator, seed, side_px) for seed in range(drags)]
    left = np.array([each[0] for each in found]) * side_px
    median = np.median(left[:, [0, 10, 20, STEPS]], axis=0)
    followed = int((left[:, -1] < 0.2 * left[:, 0]).sum())
    rate = 1 / np.median([each[3] for each in found])
    print(
        f"{name:26} {rate:6.1f} steps/CPU-s   px left {' '.join(f'{x:5.1f}' for x in median)}"
        f"   followed {followed}/{drags}   alike {np.median([each[1] for each in found]):.2f}"
        f"   turned {np.median([each[2] for each in found]):.3f} rad",
        flush=True,
    )
    if folder is not None:
        sheet = Image.new("RGB", (SHOWN_PX * drags, 2 * SHOWN_PX))
        for column, each in enumerate(found):
            for row, picture in enumerate(each[4]):
                sheet.paste(picture, (column * SHOWN_PX, row * SHOWN_PX))
        sheet.save(folder / f"{name.replace(' ', '-')}.png")


def main() -> None:
    """Measure the CPPN, the shipped Earth in three spaces, and a StyleGAN2 of 256 px."""
    torch.set_num_threads(1)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    measure("cppn 128", cppn.build(cppn.Config()), 128, 12, folder)
    for space in ("z", "w", "w+"):
        generator = stylegan2.build(stylegan2.Config(EARTH, space=space))
        measure(f"earth 128 {space}", generator, 128, 8, folder)
    path = Path("/tmp") / "grab-stylegan2-256.safetensors"
    if not path.is_file():
        save(path, "stylegan2", *make_stylegan2(256, base=16384))
    for space in ("z", "w+"):
        generator = stylegan2.build(stylegan2.Config(str(path), space=space))
        measure(f"random stylegan2 256 {space}", generator, 256, 2, folder)


if __name__ == "__main__":
    main()
