"""Clusters of a network's channels, and a sheet on which people see what each does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import functional, torch
from engine.generators.stylegan.controls import over_black
from engine.lab import sheets
from engine.lab.latents import draw_seeds
from engine.lab.networks import build_network
from engine.lab.one_thread import one_thread
from engine.models import card
from engine.models.importer.catalogue import playable
from engine.models.network import ANSWERS
from engine.models.sidecars import clusters

SAMPLES, SEEN = 64, 6
"""Pictures whose activations are averaged, and those on which a cluster's effect is shown."""
FEWEST = 8
"""Channels of a layer that is worth clusters."""
SMALL_PX = 256
"""Networks this small only wait for each other's threads."""
TILE_PX, BELOW_PX = 96, 14
Bytes = NDArray[np.uint8]


def make(
    model: Path, out: Path | None, sheet: Path | None, notify: Callable[[str], None]
) -> tuple[Path, dict[str, list[int]]]:
    """Find the clusters of every layer's channels and write them beside the model.

    Parameters
    ----------
    sheet
        Also a picture: what the network draws without each cluster, and where that differs.

    Returns
    -------
    tuple
        The file, and how many channels each cluster of a layer has.

    Raises
    ------
    ValueError
        If the model is none with layers that can be bent.
    OSError
        If a file cannot be read or written.
    """
    file = playable(model)
    network = card.load(file)
    if network.family in ANSWERS:
        raise ValueError(f"{model.name} is a {network.family}, and only StyleGANs are bent")
    built = build_network(network)
    is_small = max(built.raw_size) <= SMALL_PX
    with one_thread(is_small):
        maps = _maps(built, notify)
    names = [name for name in built.layer_names if len(maps[name]) >= FEWEST]
    found = {
        name: clusters.find_clusters(maps[name], clusters.count_at(place), name)
        for place, name in enumerate(names)
    }
    path = out or clusters.path_of(file)
    clusters.write(path, file, found)
    if sheet is not None:
        with one_thread(is_small):
            picture = _draw_sheet(built, found, notify)
        sheets.save(sheet, picture)
    return path, {name: np.bincount(labels).tolist() for name, labels in found.items()}


def _styles(model: Any, seed: int) -> torch.Tensor:
    z = torch.from_numpy(draw_seeds((seed,), model.z_dim))
    c = torch.eye(model.c_dim)[[seed % model.c_dim]] if model.c_dim else None
    styles: torch.Tensor = model.truncate(model.map(z, c), 1.0, None, c)
    return styles


def _maps(model: Any, notify: Callable[[str], None]) -> dict[str, NDArray[np.float64]]:
    """Mean activation of each channel at 16×16 places [shape=(C, 256)], by layer."""
    sums: dict[str, NDArray[np.float64]] = {}

    def see(name: str, x: torch.Tensor) -> torch.Tensor:
        size = (clusters.SIDE, clusters.SIDE)
        seen = x.float()
        if min(x.shape[2:]) < clusters.SIDE:
            seen = functional.interpolate(seen, size, mode="bilinear", align_corners=False)
        flat = functional.adaptive_avg_pool2d(seen, size)[0].flatten(1).double().numpy()
        sums[name] = sums.get(name, 0.0) + flat / SAMPLES
        return x

    with torch.inference_mode():
        for seed in range(SAMPLES):
            model.synthesize(_styles(model, seed), bend=see)
            if seed % 16 == 15:
                notify(f"{seed + 1} of {SAMPLES} pictures")
    return sums


def _draw_sheet(
    model: Any, found: Mapping[str, clusters.Labels], notify: Callable[[str], None]
) -> Bytes:
    """Draw a row per layer; of each cluster a picture without it, and where pictures differ."""
    with torch.inference_mode():
        styles = [_styles(model, seed) for seed in range(SEEN)]
        whole = [_pixels(model.synthesize(ws)) for ws in styles]
        rows = [_row([("unbent", whole[0])])]
        for name, labels in found.items():
            tiles = []
            for k in range(int(labels.max()) + 1):
                silent = torch.from_numpy(labels != k).float()[:, None, None]

                def ablate(layer: str, x: torch.Tensor, at: str = name, keep: torch.Tensor = silent
                           ) -> torch.Tensor:  # fmt: skip
                    return x * keep if layer == at else x

                bent = [_pixels(model.synthesize(ws, bend=ablate)) for ws in styles]
                apart = np.mean([abs(a - b) for a, b in zip(whole, bent, strict=True)], 0)
                words = f"{name} cluster:{k}"
                tiles.append((words, bent[0]))
                shown = np.clip(apart / (apart.max() + 1e-6), 0, 1)
                tiles.append((f"{(labels == k).sum()} ch · {apart.mean():.3f}", shown))
            rows.append(_row(tiles))
            notify(f"{name}: {int(labels.max()) + 1} clusters")
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0))) for r in rows])


def _pixels(raw: torch.Tensor) -> NDArray[np.float32]:
    """Bring a raw picture to a tile [shape=(TILE_PX, TILE_PX, 3)] of 0..1."""
    raw = over_black(raw).clamp(0, 1)
    small = functional.interpolate(raw, (TILE_PX, TILE_PX), mode="bilinear", antialias=True)
    pixels: NDArray[np.float32] = small[0].permute(1, 2, 0).numpy()
    return pixels


def _row(tiles: list[tuple[str, NDArray[np.float32]]]) -> Bytes:
    from PIL import Image, ImageDraw

    row = Image.new("RGB", (len(tiles) * (TILE_PX + 4), TILE_PX + BELOW_PX))
    pen = ImageDraw.Draw(row)
    for place, (words, pixels) in enumerate(tiles):
        left = place * (TILE_PX + 4)
        row.paste(Image.fromarray((pixels * 255).round().astype(np.uint8)), (left, 0))
        pen.text((left, TILE_PX + 1), words, (225, 225, 225), font_size=10)
    return np.array(row)
