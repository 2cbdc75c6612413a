"""Samples of a training on pairs, for people: sheets and figures of what it has learnt so far."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.lab.data.sketches import sketch
from engine.lab.pix2pix.networks import fixed_noise
from engine.lab.pix2pix.trainer import PairTrainer

SHOWN = 8
"""Pairs on a sheet."""
_AT_ONCE = 4
_COARSE_PX = 4.0


def held_out(trainer: PairTrainer, count: int) -> NDArray[np.uint8]:
    """Return pairs that are never shown, from all over; where there are none, some that are."""
    sampler = trainer.sampler
    places = sampler.held if len(sampler.held) else sampler.shown
    count = min(count, len(places))
    return sampler.pictures[places[np.arange(count) * len(places) // count]]


def answers(
    trainer: PairTrainer, sources: NDArray[np.uint8], codes: torch.Tensor
) -> NDArray[np.uint8]:
    """Draw with the running mean [shape=(N, H, W, 3)], as it is played."""
    found = []
    with torch.no_grad():
        for start in range(0, len(sources), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            made = trainer.mean(
                trainer.tensor(sources[part]), codes[part], lambda *a: fixed_noise(*a).to(codes)
            )
            found.append(made.clamp(-1, 1))
    x = ((torch.cat(found).cpu() + 1) * 127.5).round().to(torch.uint8)
    return x.permute(0, 2, 3, 1).numpy()


def read_codes(trainer: PairTrainer, targets: NDArray[np.uint8]) -> torch.Tensor:
    """Read the codes of pictures [shape=(N, z_dim)]."""
    starts = range(0, len(targets), _AT_ONCE)
    with torch.no_grad():
        parts = [trainer.reader(trainer.tensor(targets[k : k + _AT_ONCE]))[0] for k in starts]
    return torch.cat(parts)


def sheet(trainer: PairTrainer) -> tuple[NDArray[np.uint8], int]:
    """Return pictures for a sheet, and how many there are in a row.

    Rows: the source as it is and made crude, the answers to either with a code of zeros, with
    two codes drawn at random and with the code read from the target, and the target.
    """
    pairs = held_out(trainer, SHOWN)
    random = np.random.Generator(np.random.Philox([trainer.settings.seed, 2**42]))
    plain, targets = pairs[..., :3], pairs[..., 3:]
    drawn = random.standard_normal((2, 1, trainer.shape.z_dim), np.float32)
    one, other = torch.from_numpy(drawn).to(trainer.device).expand(-1, len(pairs), -1)
    codes = (torch.zeros_like(one), one, other, read_codes(trainer, targets))
    rows = []
    for sources in (plain, np.stack([_made_crude(x, random) for x in plain])):
        rows += [sources, *(answers(trainer, sources, code) for code in codes), targets]
    return np.concatenate(rows), len(pairs)


def _made_crude(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    for _ in range(32):
        made, coarse = sketch(picture, random)
        if coarse > _COARSE_PX:
            break
    return made


def measure(trainer: PairTrainer, count: int) -> dict[str, float]:
    """Compare answers to pairs held out: mean distance (of 255), and PSNR (dB).

    ``told``: with the code read from the target; ``untold``: with a code of zeros.
    """
    pairs = held_out(trainer, count)
    sources, targets = pairs[..., :3], pairs[..., 3:]
    read = read_codes(trainer, targets)
    found = {}
    for name, code in (("told", read), ("untold", torch.zeros_like(read))):
        apart = answers(trainer, sources, code).astype(np.float64) - targets
        error = np.maximum((apart**2).mean((1, 2, 3)), 1e-3)
        found[f"{name}_l1"] = round(float(np.abs(apart).mean()), 2)
        found[f"{name}_psnr"] = round(float((10 * np.log10(255**2 / error)).mean()), 2)
    return found
