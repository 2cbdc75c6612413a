"""Learning time: what a change of age costs, and what is lost for each byte, as JSON.

``python -m bench.ages MODEL [--snapshots DIR] [--counts 4,8] [--bits 1,2,3,4,8] [--rounds N]``.
MODEL is a network of ``latent-cinema train``; its snapshots lie in ``MODEL.train/snapshots``.

``cost``: milliseconds of CPU on one thread (medians) for a picture at a standing age, for one at a
new age each time, and for the first at age 1 again; at age 1 without a file of ages beside it too.
``loss``: by count and bits, bytes of the file; decibels (of 255, over pictures of 24 latents)
between each coded snapshot and the stored one; and, for comparison, between each snapshot and the
next.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.core.show.generator import Request
from engine.generators.kinds import stylegan2
from engine.lab.training.snapshots import write_ages
from engine.models import card, safetensors
from engine.models.sidecars import snapshots as ages

PICTURES = 24
Pixels = np.ndarray[Any, Any]


def draw(generator: stylegan2.Generator, age: float | None) -> None:
    """Draw a picture at an age."""
    z = np.random.RandomState(1).randn(generator.model.z_dim).astype(np.float32)
    wish = {} if age is None else {"age": age}
    generator.render(Request(0.0, {"z": z}, wish, (4096, 4096)))


def median_ms(work: Callable[[int], None], rounds: int) -> float:
    """Median CPU milliseconds of a piece of work, which is told the turn; the first is left out."""
    spent = []
    for turn in range(rounds + 1):
        start = time.process_time()
        work(turn)
        spent.append(1e3 * (time.process_time() - start))
    return round(statistics.median(spent[1:]), 2)


def cost(model: Path, bare: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Time each path."""
    found = {}
    for way in ("plain", "loops"):
        aged, alone = (stylegan2.build(stylegan2.Config(str(p))) for p in (model, bare))
        if way == "loops":
            aged.warm_up()
            alone.warm_up()
        if aged.drawing.path != way:
            continue

        def back(turn: int, aged: stylegan2.Generator = aged) -> None:
            assert aged.ageing is not None
            aged.ageing.set(0.5 if turn % 2 else 1.0)

        found[way] = {
            "without ages": median_ms(lambda _, alone=alone: draw(alone, None), rounds),  # type: ignore[misc]
            "age 1": median_ms(lambda _, aged=aged: draw(aged, 1.0), rounds),  # type: ignore[misc]
            "standing": median_ms(lambda _, aged=aged: draw(aged, 0.4), rounds),  # type: ignore[misc]
            "moving": median_ms(lambda n, aged=aged: draw(aged, 0.1 + 0.8 * n / rounds), rounds),  # type: ignore[misc]
            "to and from age 1, without a picture": median_ms(back, rounds),
        }
    return found


def pictures(state: dict[str, Any], modules: Any) -> Pixels:
    """Draw pictures of a network [shape=(N, 3, H, W)], 0 to 255."""
    model = stylegan2.build_network(state, modules)
    with torch.inference_mode():
        z = torch.randn(PICTURES, model.z_dim, generator=torch.Generator().manual_seed(1))
        ws = model.truncate(model.map(z), 1.0)
        drawn = torch.cat([model.synthesize(w[None]) for w in ws])
    return ((drawn.clamp(-1, 1) + 1) * 127.5).numpy()


def decibels(a: Pixels, b: Pixels) -> float:
    """Signal to noise between pictures, of the full range."""
    return round(10 * math.log10(255**2 / max(float(np.square(a - b).mean()), 1e-12)), 1)


def stored(path: Path, network: Any) -> dict[str, Any]:
    """Read a snapshot."""
    data = safetensors.map_file(path)
    table, _, at = safetensors.read_header(data)
    parts = {n: safetensors.tensor_of(data[at:], e).astype(np.float32) for n, e in table.items()}
    return {**network.state, **parts}


def loss(model: Path, snapshots: Path, count: int, bits: int) -> dict[str, Any]:
    """Write ages beside a model, and measure what is lost."""
    written = write_ages(snapshots, model, count=count, bits=bits)
    network = card.load(model)
    found = ages.find(model, network)
    assert found is not None
    coded = [pictures(state, network.modules) for state in found.states(network)][::-1]
    true = [
        pictures(stored(snapshots / f"{n:010d}.safetensors", network), network.modules)
        for n in found.shown
    ]
    steps = [*true[1:], pictures(dict(network.state), network.modules)]
    return {
        "count": len(found.shown),
        "bits": bits,
        "file_bytes": written.file_bytes,
        "shown": [*found.shown, found.trained],
        "coded_db": [decibels(a, b) for a, b in zip(coded, true, strict=True)],
        "next_db": [decibels(a, b) for a, b in zip(true, steps, strict=True)],
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--snapshots", type=Path)
    parser.add_argument("--counts", default="4,8")
    parser.add_argument("--bits", default="1,2,3,4,8")
    parser.add_argument("--rounds", type=int, default=20)
    wish = parser.parse_args()
    torch.set_num_threads(1)
    snapshots = wish.snapshots or wish.model.with_suffix(".train") / "snapshots"
    with tempfile.TemporaryDirectory() as folder:
        model, bare = (Path(folder) / name for name in ("model.safetensors", "bare.safetensors"))
        for path in (model, bare):
            shutil.copy(wish.model, path)
        if card.card_path(wish.model).exists():
            shutil.copy(card.card_path(wish.model), card.card_path(model))
        lost = [
            loss(model, snapshots, int(count), int(bits))
            for count in wish.counts.split(",")
            for bits in wish.bits.split(",")
        ]
        write_ages(snapshots, model)
        print(json.dumps({"cost": cost(model, bare, wish.rounds), "loss": lost}, indent=1))


if __name__ == "__main__":
    main()
