"""How many pictures a second a training shows, against the plain formulation of the same.

Plain: the same networks and losses, but slopes are penalised at every step (no lazy
regularisation) and features lie channel by channel (no channels-last). Steps of both alternate in
one process, on random pictures, at every stage of a 128-pixel network.

    python bench/training.py [--rounds 8] [--size 128] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine.lab.data.sampler import Sampler
from engine.lab.gan.process_group import ProcessGroup
from engine.lab.gan.settings import Settings
from engine.lab.gan.shape import PRESETS, shape_of, stage_at
from engine.lab.gan.trainer import Trainer

PICTURES = 1 << 20


class Plain(Trainer):
    """The plain formulation."""

    layout = torch.contiguous_format


def make(kind: type[Trainer], size: int, lazy: int) -> Trainer:
    preset = PRESETS["small"]
    random = np.random.default_rng(0)
    pictures = random.integers(0, 255, (64, size, size, 3), np.uint8)
    sampler = Sampler(pictures, [str(n) for n in range(len(pictures))], 0, mirrors=True)
    settings = Settings(PICTURES, preset.batch, preset.rates, lazy=lazy)
    return kind(shape_of(preset, size), settings, sampler, "cpu", ProcessGroup())


def spent_s(trainer: Trainer, shown: int, steps: int) -> float:
    trainer.step = shown // trainer.settings.batch // 8 * 8
    begun = time.process_time()
    for _ in range(steps):
        trainer.advance()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    ours, plain = make(Trainer, asked.size, 8), make(Plain, asked.size, 1)
    batch, shape = ours.settings.batch, ours.shape
    places = {stage_at(shape, n, PICTURES).side: n for n in range(0, PICTURES, PICTURES // 256)}
    found = {}
    for side, shown in places.items():  # the last place of each stage: nothing fades there
        times: dict[str, list[float]] = {"ours": [], "plain": []}
        for turn in range(asked.rounds + 1):
            a, b = spent_s(ours, shown, 8), spent_s(plain, shown, 2)
            if turn:
                times["ours"].append(8 * batch / a)
                times["plain"].append(2 * batch / b)
        rates = {name: float(np.median(rate)) for name, rate in times.items()}
        ratio = rates["ours"] / rates["plain"]
        found[side] = {**{k: round(v, 2) for k, v in rates.items()}, "ratio": round(ratio, 2)}
        print(f"{side:4d} px: ours {rates['ours']:6.2f}, plain {rates['plain']:6.2f} pictures per "
              f"second of CPU: {ratio:.2f}×", flush=True)  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
