"""The trainer on pairs: one step after the other.

The drawing network is held to the target where the reader's code told it what the question leaves
open, and to look real with any code. As in `trainer`, what is drawn at random is drawn from (seed,
step): a training that was stopped goes on bit by bit.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from engine.lab.data.sampler import Sampler
from engine.lab.data.sketches import sketch
from engine.lab.gan.blocks import initialise
from engine.lab.gan.loss import discriminator_loss, generator_loss, slope
from engine.lab.gan.trained import Trained
from engine.lab.pix2pix.networks import Critic, Drawer, Reader, keyed_noise
from engine.models.pix2pix_shape import Shape

_BETAS = (0.5, 0.99)
_CROPPED = 0.95  # part of the pictures that are seen in quarters
_FALLS = 0.7  # where the learning rate begins to fall
_LEAST_RATE = 0.05
_LIKE, _SHORT, _RECOVERY = 5.0, 0.004, 0.5  # weights: like the target, code short, code obeyed
_SLOPE = 0.1  # weight of the penalty, per patch
_COARSEST = 16
_LEAST_PX = 16  # what the critic needs


@dataclass(frozen=True, slots=True)
class Settings:
    """How a training goes.

    Parameters
    ----------
    batch
        Pairs per step: even.
    lazy
        Steps between two penalties.
    """

    pictures: int
    batch: int = 4
    rate: float = 5e-3
    seed: int = 0
    lazy: int = 16


class PairTrainer(Trained):
    """The networks, and what they have learnt so far.

    Parameters
    ----------
    shape
        Of the one that will be played.
    sampler
        Where pairs come from [shape=(N, S, S, 6)]: source and target.
    device
        ``cpu``, ``cuda``…

    Raises
    ------
    ValueError
        If the batch is odd, or the pictures' side is no multiple of what the network needs.
    """

    networks = ("drawer", "reader", "critic", "mean")
    settings: Settings
    mean: Drawer

    def __init__(self, shape: Shape, settings: Settings, sampler: Sampler, device: str) -> None:
        side = sampler.pictures.shape[1]
        if settings.batch % 2 or settings.batch < 2:
            raise ValueError(f"batch {settings.batch}: it must be even")
        if side % shape.unit_px or side < _LEAST_PX:
            raise ValueError(
                f"{side} px: it must be a multiple of {shape.unit_px}, and at least {_LEAST_PX}"
            )
        self.shape, self.settings, self.sampler = shape, settings, sampler
        self.device = torch.device(device)
        start = torch.Generator().manual_seed(settings.seed)
        self.drawer, self.reader, self.critic = Drawer(shape, start), Reader(shape.z_dim), Critic()
        initialise(self.reader, start)
        initialise(self.critic, start)
        for network in (self.drawer, self.reader, self.critic):
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mean = copy.deepcopy(self.drawer).requires_grad_(False)
        both = [*self.drawer.parameters(), *self.reader.parameters()]
        self.optimisers = {
            "drawer": torch.optim.Adam(both, settings.rate, _BETAS),
            "critic": torch.optim.Adam(self.critic.parameters(), settings.rate, _BETAS),
        }

    @property
    def side(self) -> int:
        """Side of what is seen now: first quarters of the pictures, then the whole."""
        whole, unit = int(self.sampler.pictures.shape[1]), self.shape.unit_px
        is_early = self.shown < _CROPPED * self.settings.pictures
        is_cut = is_early and whole % (2 * unit) == 0 and whole >= 2 * max(2 * unit, _LEAST_PX)
        return whole // 2 if is_cut else whole

    def cost_left(self) -> float:
        """How many pairs are left to show, counted in those that cost what one costs now."""
        whole, all_ = self.sampler.pictures.shape[1], self.settings.pictures
        early: float = max(_CROPPED * all_ - self.shown, 0.0)
        late = all_ - self.shown - early
        return early + late * float(whole / self.side) ** 2

    @property
    def rate(self) -> float:
        """The learning rate now."""
        part = (self.shown / self.settings.pictures - _FALLS) / (1 - _FALLS)
        return self.settings.rate * (1 - (1 - _LEAST_RATE) * min(max(part, 0.0), 1.0))

    def advance(self) -> None:
        """Take one step of all networks."""
        batch = self.settings.batch
        choice = np.random.Generator(np.random.Philox([self.settings.seed, self.step]))
        random = torch.Generator(self.device).manual_seed(int(choice.integers(2**62)))
        for optimiser in self.optimisers.values():
            optimiser.param_groups[0]["lr"] = self.rate
        source, target, coarse = self._seen(self.sampler.batch(self.shown, batch, choice), choice)
        half = batch // 2
        mean, spread = self.reader(target[:half])
        drawn = torch.randn((batch, self.shape.z_dim), generator=random, device=self.device)
        z = torch.cat([mean + drawn[:half] * (spread / 2).exp(), drawn[half:]])
        made = self.drawer(source, z, keyed_noise(random, batch, self.device))
        self._teach_critic(source, target, made.detach())
        like = likeness(made[:half], target[:half], coarse[:half])
        short = (mean.square() + spread.exp() - spread - 1).sum(1).mean() / 2
        self._teach_drawer(source, target, made, drawn, _LIKE * like + _SHORT * short)
        self.step += 1
        self.follow(self.drawer)

    def _seen(
        self, pairs: NDArray[np.uint8], choice: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, NDArray[np.float64]]:
        side, whole = self.side, pairs.shape[1]
        sources, targets, coarse = [], [], []
        for pair in pairs:
            top, left = choice.integers(0, whole - side + 1, 2)
            cut = pair[top : top + side, left : left + side]
            source, how = sketch(cut[..., :3], choice)
            sources.append(source)
            targets.append(cut[..., 3:])
            coarse.append(how)
        return self.tensor(np.stack(sources)), self.tensor(np.stack(targets)), np.array(coarse)

    def tensor(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        """Bring pictures [shape=(N, H, W, 3)] onto the device: [shape=(N, 3, H, W)], ±1."""
        raw = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device)
        return raw.permute(0, 3, 1, 2).float() / 127.5 - 1

    def _teach_critic(self, source: torch.Tensor, real: torch.Tensor, made: torch.Tensor) -> None:
        def judge(x: torch.Tensor) -> torch.Tensor:
            judged: torch.Tensor = self.critic(source, x)
            return judged

        of_real = judge(real)
        loss = discriminator_loss(of_real, judge(made))
        if self.step % self.settings.lazy == 0:
            weight = self.settings.lazy * _SLOPE / of_real[0].numel()
            loss = loss + weight * (slope(judge, real) + slope(judge, made))
        self._learn("critic", loss)

    def _teach_drawer(
        self, source: torch.Tensor, real: torch.Tensor, made: torch.Tensor,
        drawn: torch.Tensor, likeness_loss: torch.Tensor,
    ) -> None:  # fmt: skip
        half = len(made) // 2
        for network in (self.critic, self.reader):
            network.requires_grad_(False)
        with torch.no_grad():
            of_real = self.critic(source, real)
        loss = generator_loss(of_real, self.critic(source, made))
        recovery = (self.reader(made[half:])[0] - drawn[half:]).abs().mean()
        for network in (self.critic, self.reader):
            network.requires_grad_(True)
        self._learn("drawer", loss + _RECOVERY * recovery + likeness_loss)

    def _learn(self, name: str, loss: torch.Tensor) -> None:
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def likeness(made: torch.Tensor, target: torch.Tensor, coarse: NDArray[np.float64]) -> torch.Tensor:
    """Return the mean distance, each pair as finely as its source was given.

    Parameters
    ----------
    made, target
        [shape=(N, 3, H, W)].
    coarse
        Pixels of the source that were one [shape=(N,)]: coasts may lie elsewhere within them.
    """
    apart = made - target
    total = apart.new_zeros(())
    for index, how in enumerate(coarse):
        size = min(2 ** math.ceil(math.log2(how)), _COARSEST, *apart.shape[2:])
        one = apart[index : index + 1]
        pooled = functional.avg_pool2d(one, size) if size > 1 else one
        total = total + pooled.abs().mean()
    return total / len(coarse)
