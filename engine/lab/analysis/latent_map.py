"""Latent maps: laid out and drawn into a file, and read into a show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.examples import layout
from engine.core.latent.geometry import Vector
from engine.core.show.generator import Request
from engine.generators import registry
from engine.generators.contract import model_of
from engine.generators.libraries import torch
from engine.generators.registry import Opened
from engine.lab import sheets
from engine.lab.latents import draw_seeds, read_latents, read_numbers
from engine.models.card import peek
from engine.models.importer.catalogue import playable
from engine.models.latent_file import Space
from engine.models.sidecars import latent_map
from engine.models.sidecars.latent_map import MapFile
from engine.system.atomic import write_bytes
from engine.system.hashing import hash_at

LOOK_PX = 24
"""Pictures are compared at this side."""
SHEET_PX = (1600, 1200)


@dataclass(frozen=True, slots=True)
class Options:
    """How a map is to be made: by ``latent``, by the ``style`` made of it, or by ``picture``."""

    by: str = "style"
    thumb_px: int = 64


def make(
    model: str, seeds: str, saved: Path | None, options: Options, notify: Callable[[str], None]
) -> MapFile:
    """Draw latents and lay them out.

    Parameters
    ----------
    model
        A model file, or ``cppn``.
    seeds
        As they are typed, ``0-95``.
    saved
        Instead of seeds, a file of latents of the generator's first port.

    Raises
    ------
    ValueError
        If the model cannot be read, or the latents do not fit it.
    """
    opened = _open(model)
    generator: Any = registry.build(opened, "cpu")
    mark = hash_at(model_of(opened.files)) or model
    port = generator.spec.ports[0]
    if saved is None:
        latents = draw_seeds(read_numbers(seeds, "seeds"), port.shape[-1])
    else:
        kind = "w" if port.geometry == "wspace" else "z"
        space = Space(kind + "+" * (len(port.shape) - 1), port.shape)
        found = read_latents(saved, [space], "" if model == "cppn" else model, f"'{port.name}'")
        latents = found.rows.astype(np.float32)
        if found.note:
            notify(found.note)
    thumbs = []
    for k, latent in enumerate(latents):
        thumbs.append(draw(generator, latent, options.thumb_px))
        if (k + 1) % 32 == 0:
            notify(f"{k + 1} of {len(latents)} drawn")
    features: Vector = latents.astype(np.float64)
    if options.by == "picture":
        features = np.stack([_look(thumb) for thumb in thumbs])
    elif options.by == "style":
        features = _styles(generator, latents)
    places = layout(features).astype(np.float32)
    about: dict[str, Any] = {"port": port.name, "by": options.by, "model": mark}
    return MapFile(places, latents, np.stack(thumbs), about)


def _open(model: str) -> Opened:
    if model == "cppn":
        return registry.open_spec(model, {})
    path = playable(Path(model))
    return registry.open_spec(peek(path).family, {"path": str(path)})


def store(found: MapFile, out: Path, sheet: Path | None) -> None:
    """Write a map; also as one picture, if that is wanted.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    write_bytes(out, latent_map.write(found))
    if sheet is not None:
        from PIL import Image

        from engine.generators.kinds.map import PARAMETERS
        from engine.generators.kinds.map import draw as draw_map

        controls = {each.address: each.default for each in PARAMETERS}
        controls |= {"lit": 0.0, "mark": 0.0, "size": 0.09}
        drawn = draw_map(found, controls, SHEET_PX)
        ground = Image.new("RGBA", SHEET_PX, (0, 0, 0, 255))
        sheets.save(sheet, np.asarray(Image.alpha_composite(ground, drawn).convert("RGB")))


def draw(generator: Any, latent: NDArray[np.float32], side_px: int) -> NDArray[np.uint8]:
    """Draw a latent of the first port as a small square [shape=(S, S, 3)], sRGB."""
    from PIL import Image

    spec = generator.spec
    size = (max(side_px, spec.min_px),) * 2
    pixels, _ = generator.render(Request(0.0, {spec.ports[0].name: latent}, {}, size, 1.0), None)
    rgb = (pixels[0, :3].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    side = min(rgb.shape[:2])
    top, left = (rgb.shape[0] - side) // 2, (rgb.shape[1] - side) // 2
    square = Image.fromarray(rgb[top : top + side, left : left + side])
    return np.asarray(square.resize((side_px, side_px), Image.Resampling.LANCZOS))


def _look(thumb: NDArray[np.uint8]) -> Vector:
    from PIL import Image

    small = Image.fromarray(thumb).resize((LOOK_PX, LOOK_PX), Image.Resampling.BOX)
    return np.asarray(small, np.float64).reshape(-1) / 255.0


def _styles(generator: Any, latents: NDArray[np.float32]) -> Vector:
    network = getattr(generator, "model", generator)
    with torch.inference_mode():
        mapped = network.map(torch.from_numpy(latents))
    found: Vector = mapped.cpu().numpy().astype(np.float64)
    return found
