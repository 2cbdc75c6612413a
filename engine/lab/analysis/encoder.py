"""The training of a model's encoder on its own pictures: pairs without end, and no data set.

It learns to give back the styles that a picture was drawn from, and to draw the picture again: what
does not show in the picture it need not find.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from engine.core.rng import draw
from engine.generators.stylegan.controls import over_black
from engine.generators.tasks.encoder import Weights, encode, shapes
from engine.generators.tasks.inversion import InversionTarget, distance

STEPS, BATCH, RATE = 450, 16, 2e-3
_DRAWN = 8  # of a batch are drawn again: that takes longest
_STYLES, _HELD, _WARM = 0.1, 32, 50
Notify = Callable[[str], None]


class EncoderTrainer:
    """An encoder in training, on the CPU; the model may be elsewhere.

    Parameters
    ----------
    target
        A port of the style space of a StyleGAN, ``w``.
    seed
        Of its first weights and of its pairs.
    """

    def __init__(self, target: InversionTarget, seed: int = 0) -> None:
        self._target, self._seed = target, seed
        chart = target.port.chart
        assert chart is not None
        self._size = len(chart.mean)
        self._back = torch.from_numpy(chart.back).float()
        self._spread = float((self._back**2).sum()) / self._size
        self.weights = {
            name: self._first(name, shape).requires_grad_(True)
            for name, shape in shapes(self._size).items()
        }
        self._adam = torch.optim.Adam(list(self.weights.values()), RATE, (0.9, 0.99))

    def _first(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        if name.endswith("bias"):
            return torch.zeros(shape)
        gain = 0.5 if name.startswith("out") else math.sqrt(2.0)
        scale = gain / math.sqrt(math.prod(shape[1:]))
        found = draw(self._seed, f"encoder/{name}", 0, math.prod(shape)).reshape(shape)
        return torch.from_numpy((found * scale).astype(np.float32))

    def coordinates(self, index: int, count: int) -> torch.Tensor:
        """Draw coordinates of pictures [shape=(count, D)]; those of an index below 0 are held."""
        found = draw(self._seed, "encoder/pairs", index, count * self._size)
        return torch.from_numpy(found.reshape(count, -1).astype(np.float32))

    def pictures(self, n: torch.Tensor) -> torch.Tensor:
        """Draw coordinates [shape=(N, D)] as pictures [shape=(N, 3, H, W)] in 0..1."""
        model: Any = self._target.generator.model
        w = self._target.latent(n).to(model.mapping.w_avg.device)
        return over_black(model.synthesize(model.truncate(w)).cpu()).clamp(0, 1)

    def step(self, index: int, steps: int) -> float:
        """Learn from one batch of pairs; return how far its pictures were."""
        warm = min(1.0, (index + 1) / _WARM)
        self._adam.param_groups[0]["lr"] = (
            RATE * warm * (0.5 + 0.5 * math.cos(math.pi * index / steps))
        )
        n = self.coordinates(index, BATCH)
        with torch.no_grad():
            wanted = self.pictures(n)
        found = encode(self.weights, wanted)
        apart = ((found - n) @ self._back.T).square().mean() / self._spread
        far = distance(self.pictures(found[:_DRAWN]), wanted[:_DRAWN]).mean()
        self._adam.zero_grad()
        (4 * far + _STYLES * apart).backward()  # type: ignore[no-untyped-call]  # torch's
        self._adam.step()
        return float(far.detach())

    def gain_db(self) -> tuple[float, float]:
        """PSNR of held pictures in dB: the average style's, and the encoder's."""
        with torch.no_grad():
            n = self.coordinates(-1, _HELD)
            wanted = self.pictures(n)
            drawn = (
                self.pictures(torch.zeros(1, self._size)),
                self.pictures(encode(self.weights, wanted)),
            )
        return tuple(
            float((-10 * (x - wanted).square().mean((1, 2, 3)).clamp_min(1e-10).log10()).mean())
            for x in drawn
        )  # type: ignore[return-value]  # it is two

    def numbers(self) -> Weights:
        """Return the weights as they are stored."""
        return {name: x.detach().numpy().astype(np.float16) for name, x in self.weights.items()}


def teach(target: InversionTarget, notify: Notify, steps: int = STEPS, every: int = 50) -> Weights:
    """Teach an encoder, and tell from time to time how it does.

    Raises
    ------
    ValueError
        If it does not learn.
    """
    trainer = EncoderTrainer(target)
    for index in range(steps):
        far = trainer.step(index, steps)
        if not math.isfinite(far):
            raise ValueError("the encoder does not learn: its pictures are no numbers")
        if (index + 1) % every == 0 or index + 1 == steps:
            average, found = trainer.gain_db()
            notify(f"{index + 1} of {steps} steps: {found:.1f} dB, the average style {average:.1f}")
    return trainer.numbers()
