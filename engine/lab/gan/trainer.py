"""The trainer of a StyleGAN2: one step after the other.

Everything that is drawn at random is drawn from (seed, step, process): where a training was
stopped it goes on, bit by bit, as if it had not been.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.lab.data.sampler import Sampler
from engine.lab.gan.augment import Adaptive, augment
from engine.lab.gan.blocks import initialise
from engine.lab.gan.discriminator import Discriminator, frozen_parts
from engine.lab.gan.generator import Generator, initial_start
from engine.lab.gan.loss import discriminator_loss, generator_loss, slope, weight_at
from engine.lab.gan.process_group import ProcessGroup
from engine.lab.gan.settings import Settings, share
from engine.lab.gan.shape import Shape, Stage, stage_at
from engine.lab.gan.trained import Tensors, Trained

_BETAS = (0.0, 0.99)
_MIXED = 0.5  # part of the batches with two styles
_WINDOWS = 0.5  # part of the batches that are windows, if any are
_W_AVG = 0.005
_ASKED = 32  # steps between two looks at held-out pictures


class Trainer(Trained):
    """A generator, its running mean and a discriminator, with what they have learnt so far."""

    networks = ("generator", "discriminator", "mean")
    settings: Settings
    mean: Generator
    layout = torch.channels_last

    def __init__(
        self, shape: Shape, settings: Settings, sampler: Sampler, device: str, group: ProcessGroup
    ) -> None:
        self.share = share(settings, group)
        self.shape, self.settings, self.sampler, self.group = shape, settings, sampler, group
        self.device = torch.device(device)
        start = torch.Generator().manual_seed(settings.seed)
        self.generator = Generator(shape, noisy=settings.noisy)
        self.discriminator = Discriminator(shape)
        for network in (self.generator, self.discriminator):
            initialise(network, start)
        initial_start(self.generator, start)
        self._settle()
        self.adaptive = Adaptive()

    def _settle(self) -> None:
        """Put the networks where they belong, and make what depends on them anew."""
        self.generator.to(self.device, memory_format=self.layout)  # type: ignore[call-overload]
        self.discriminator.to(self.device, memory_format=self.layout)  # type: ignore[call-overload]
        self.generator.layout = self.layout
        self.mean = copy.deepcopy(self.generator).requires_grad_(False)
        rates = self.settings.rates
        self.optimisers = {
            "generator": torch.optim.Adam(self.generator.parameters(), rates[0], _BETAS),
            "discriminator": torch.optim.Adam(self.discriminator.parameters(), rates[1], _BETAS),
        }
        self._frozen = frozen_parts(self.discriminator, self.shape, self.settings.frozen)

    @property
    def stage(self) -> Stage:
        """Where the training is."""
        return stage_at(self.shape, self.shown, self.settings.pictures, grows=self.settings.grows)

    def advance(self) -> None:
        """Take one step of both networks."""
        stage, share = self.stage, self.share
        key = [self.settings.seed, self.step, self.group.rank]
        choice = np.random.Generator(np.random.Philox(key))
        random = torch.Generator(self.device).manual_seed(int(choice.integers(2**62)))
        first = self.step * self.settings.batch + self.group.rank * share
        real = self._seen(self.sampler.batch(first, share, choice), stage)
        z, other = (
            torch.randn((share, self.shape.z_dim), generator=random, device=self.device)
            for _ in range(2)
        )
        is_mixed = choice.random() < _MIXED
        cut = int(choice.integers(1, self.shape.num_ws)) if is_mixed else self.shape.num_ws
        is_window = self.settings.wide and choice.random() < _WINDOWS
        with self._autocast():
            if is_window:
                ws, place = self.generator.mixed(z, other, cut), tuple(choice.random(2))
                made = self.generator.window(ws, stage.side, random, place)
            else:
                made = self.generator(z, other, cut, stage.side, random)
        self._teach_discriminator(real, made.detach(), stage, random)
        if self.step >= self.settings.warm_up:
            self._teach_generator(real, made, stage, random)
        self.step += 1
        self._follow(z)
        if self.step % _ASKED == 0:
            self._ask(made.detach(), real, stage)

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.device.type == "cuda":
            return torch.autocast("cuda", torch.bfloat16)
        return nullcontext()

    def _seen(self, pictures: NDArray[np.uint8], stage: Stage) -> torch.Tensor:
        """Bring pictures [shape=(N, S, S, 3)] onto the device, at the size of the stage, ±1."""
        raw = torch.from_numpy(pictures)
        if self.device.type == "cuda":
            raw = raw.pin_memory().to(self.device, non_blocking=True)
        x = raw.permute(0, 3, 1, 2).float() / 127.5 - 1
        x = x.contiguous(memory_format=self.layout)
        factor = self.shape.size // stage.side
        return nn.functional.avg_pool2d(x, factor) if factor > 1 else x

    def _judge(
        self, stage: Stage, random: torch.Generator
    ) -> Callable[[torch.Tensor], torch.Tensor]:
        def judge(x: torch.Tensor) -> torch.Tensor:
            judged: torch.Tensor = self.discriminator(
                augment(x, self.adaptive.probability, random), stage
            )
            return judged

        return judge

    def _teach_discriminator(
        self, real: torch.Tensor, made: torch.Tensor, stage: Stage, random: torch.Generator
    ) -> None:
        judge = self._judge(stage, random)
        for part in self._frozen:
            part.requires_grad_(False)
        with self._autocast():
            loss = discriminator_loss(judge(real), judge(made))
        whole = loss
        if self.step % self.settings.lazy == 0:  # at full precision: slopes are small
            weight = self.settings.lazy * weight_at(stage.side, stage.progress)
            whole = loss + weight * (slope(judge, real) + slope(judge, made.float()))
        self._learn("discriminator", whole)

    def _teach_generator(
        self, real: torch.Tensor, made: torch.Tensor, stage: Stage, random: torch.Generator
    ) -> None:
        judge = self._judge(stage, random)
        self.discriminator.requires_grad_(False)
        with self._autocast():
            with torch.no_grad():
                of_real = judge(real)
            loss = generator_loss(of_real, judge(made))
        self._learn("generator", loss)
        self.discriminator.requires_grad_(True)

    def _learn(self, name: str, loss: torch.Tensor) -> None:
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        network: nn.Module = getattr(self, name)
        self.group.average(network)
        optimiser.step()

    def _follow(self, z: torch.Tensor) -> None:
        """Let the running mean follow."""
        self.follow(self.generator)
        with torch.no_grad():
            w = self.group.mean(self.mean.map(z).mean(0))
            self.mean.w_avg.lerp_(w, max(_W_AVG, 1 / self.step))
            self.generator.w_avg.copy_(self.mean.w_avg)

    def _ask(self, made: torch.Tensor, real: torch.Tensor, stage: Stage) -> None:
        """Ask the discriminator about pictures that were held out, and augment accordingly."""
        held = self.sampler.held_out(self.shown, len(real))
        if held is None:
            return
        with torch.no_grad(), self._autocast():
            sets = [real, self._seen(held, stage), made]
            judged = torch.stack([self.discriminator(x, stage).mean() for x in sets])
        shown, held_out, generated = self.group.mean(judged).tolist()
        self.adaptive.update(shown, held_out, generated, _ASKED * self.settings.batch)

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """Return all that a later start needs: tensors, and numbers."""
        tensors, numbers = super().state()
        kept = {"probability": self.adaptive.probability, "overfit": self.adaptive.overfit}
        return tensors, numbers | kept

    def load(self, tensors: Tensors, numbers: dict[str, Any]) -> None:
        """Go on where `state` was; errors as in `Trained.load`."""
        super().load(tensors, numbers)
        self.adaptive.probability = float(numbers["probability"])
        self.adaptive.overfit = float(numbers["overfit"])

    def load_discriminator(self, tensors: Tensors) -> None:
        """Begin with this discriminator.

        Raises
        ------
        KeyError, RuntimeError
            If something is missing or does not fit.
        """
        with torch.no_grad():
            for name, values in self.discriminator.state_dict().items():
                values.copy_(torch.from_numpy(np.array(tensors[name])))
