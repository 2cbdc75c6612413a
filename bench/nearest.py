"""How well an archive is found again: pictures moved, turned and recoloured, against raw pixels.

    python -m bench.nearest OUT.train [--pictures 1400] [--queries 300] [--random] [--climate N]

Every query is one of the index' pictures, cut by 5 to 20 % at a random place (so it is moved and
enlarged), mirrored and turned as the training did, its colours scaled by up to 15 % each, its
gamma changed by up to 25 %. What counts is the place of the original among the answers. All ways
of looking may turn the query. Pixels: at 16×16, as they are, and whitened like the features are
(64 principal directions, unit vectors): that is the baseline that is hard to beat. `--random` gives
the discriminator random weights instead of those that it has learnt.

`--climate N`, for pictures whose titles say where on Earth they are: how far in latitude, without
its sign, the five nearest of N pictures are that lie more than 2500 km away (median, in degrees).
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.generators.archive import features
from engine.generators.archive import index as indexes
from engine.generators.archive.features import Bytes
from engine.lab.gan.blocks import initialise
from engine.lab.gan.discriminator import Discriminator
from engine.lab.gan.shape import Shape
from engine.lab.training import archive_index, checkpoint

Floats = NDArray[np.float32]


def changed(picture: Bytes, turns: tuple[int, ...], draw: np.random.Generator) -> Bytes:
    """Move, enlarge, turn and recolour a picture [shape=(S, S, 3)]."""
    side = len(picture)
    kept = int(side * draw.uniform(0.8, 0.95))
    top, left = draw.integers(0, side - kept + 1, 2)
    cut = Image.fromarray(picture[top : top + kept, left : left + kept])
    x = np.asarray(cut.resize((side, side), Image.Resampling.BICUBIC)) / 255.0
    x = np.clip(x * draw.uniform(0.85, 1.15, 3), 0, 1) ** draw.uniform(0.8, 1.25)
    return features.turned((x * 255).round().astype(np.uint8), int(draw.choice(turns))).copy()


def small(pictures: Bytes) -> Floats:
    """Pixels at 16×16 [shape=(N, 768)]."""
    found = [features.square(picture, 16).reshape(-1) for picture in pictures]
    return np.stack(found).astype(np.float32)


def places(
    describe: Callable[[Bytes], Floats], known: Floats, asked: list[Bytes], own: Floats,
    turns: tuple[int, ...],
) -> dict[str, float]:  # fmt: skip
    """Where the originals are among the answers; the nearest by Euclidean distance is first."""
    found = []
    for picture, place in zip(asked, own, strict=True):
        seen = describe(np.stack([features.turned(picture, turn) for turn in turns]))
        apart = ((known[:, None] - seen[None]) ** 2).sum(2).min(1)
        found.append(int((apart < apart[int(place)]).sum()))
    ranks = np.array(found)
    return {"top1": float((ranks < 1).mean()), "top5": float((ranks < 5).mean())}


def climate(
    ways: dict[str, Callable[[Bytes], Floats]], pictures: Bytes, titles: list[str],
    turns: tuple[int, ...],
) -> dict[str, float]:  # fmt: skip
    """How far in latitude the nearest pictures are that show another part of the Earth."""
    found = [re.match(r"([\d.]+)°([NS]) ([\d.]+)°([EW])", title) for title in titles]
    if not all(found):
        raise SystemExit("--climate: these titles do not say where the pictures are")
    said = [match.groups() for match in found if match]
    north = np.radians([float(a) * (1 if b == "N" else -1) for a, b, _, _ in said])
    east = np.radians([float(c) * (1 if d == "E" else -1) for _, _, c, d in said])
    place = np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)
    is_near = 6371 * np.arccos(np.clip(np.stack(place, 1) @ np.stack(place), -1, 1)) < 2500
    turned = [np.stack([features.turned(p, turn) for p in pictures]) for turn in turns]
    table = {}
    for name, describe in ways.items():
        rows = [
            np.concatenate([describe(some) for some in np.array_split(seen, len(seen) // 32 + 1)])
            for seen in turned
        ]
        own = (rows[0] ** 2).sum(1)
        near = np.max([2 * x @ rows[0].T - (x**2).sum(1)[:, None] - own for x in rows], axis=0)
        near[is_near] = -np.inf
        five = near.argsort(1)[:, -5:]
        away = np.abs(np.abs(north)[:, None] - np.abs(north)[five])
        table[name] = round(float(np.degrees(np.median(away))), 2)
    return table


def untaught(tensors: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Give a state's discriminator random weights."""
    network = Discriminator(shape)
    initialise(network, torch.Generator().manual_seed(9))
    drawn = {f"discriminator.{name}": x.numpy() for name, x in network.state_dict().items()}
    return {**tensors, **drawn}


def main() -> None:
    """Measure, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=1400)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--climate", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.perf_counter()
    options = archive_index.IndexOptions(given.pictures, thumb_px=0)
    tensors, numbers = checkpoint.read_state(given.folder / "state.safetensors")
    if given.random:
        tensors = untaught(tensors, archive_index._shape(numbers["start"]["shape"]))
    prepared = archive_index.ready(given.folder / "ready")
    index = archive_index.make(tensors, numbers, prepared, options)
    made_s = time.perf_counter() - begun
    extractor = features.make_extractor(index.side, index.last, index.extractor)
    by_name = {name: place for place, name in enumerate(prepared.names)}
    pictures = prepared.pictures[[by_name[entry.name] for entry in index.entries]]
    draw = np.random.default_rng(5)
    own = draw.choice(len(pictures), min(given.queries, len(pictures)), replace=False)
    asked = [changed(pictures[place], index.turns, draw) for place in own]
    pixels = small(pictures)
    centre, basis = features.fit(pixels, archive_index.FEATURES)

    def whitened(seen: Bytes) -> Floats:
        rows = (small(seen) - centre) @ basis.T
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def described(seen: Bytes) -> Floats:
        return features.describe(
            extractor, np.stack([features.square(p, extractor.side) for p in seen])
        )

    ways: dict[str, tuple[Callable[[Bytes], Floats], Floats]] = {
        "pixels": (small, pixels),
        "whitened pixels": (whitened, whitened(pictures)),
        "discriminator": (described, indexes.unit(index.features)),
    }
    table: dict[str, Any] = {
        n: places(f, known, asked, own, index.turns) for n, (f, known) in ways.items()
    }
    begun = time.perf_counter()
    for picture in asked[:20]:
        indexes.find(index, extractor, ways["discriminator"][1], picture, 9)
    table |= {"seconds": {"index": made_s, "one lookup": (time.perf_counter() - begun) / 20}}
    if given.climate:
        some = np.linspace(0, len(prepared.names) - 1, given.climate).astype(int)
        titles = [prepared.report.credit[prepared.names[place]].title for place in some]
        seers = {name: way for name, (way, _) in ways.items()}
        table["climate"] = climate(seers, prepared.pictures[some], titles, index.turns)
    about = {"steps": numbers["step"], "side": index.side, "pictures": len(pictures)}
    print(json.dumps({**about, **table}, indent=1))


if __name__ == "__main__":
    main()
