"""``latent-cinema train --pairs``: from a folder of pairs to a network from picture to picture."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from engine.lab.data.pairs import PairReport, prepare_pairs
from engine.lab.data.sampler import Sampler
from engine.lab.gan import device as machine
from engine.lab.gan.process_group import ProcessGroup
from engine.lab.pix2pix.samples import measure, sheet
from engine.lab.pix2pix.trainer import PairTrainer, Settings
from engine.lab.training import checkpoint
from engine.lab.training.run import NOTIFIED_S, Run, duration, facts_of, write_with_card
from engine.lab.training.start import TrainingOptions, attribution, find_place, resume
from engine.models.network import PIX2PIX, Network
from engine.models.pix2pix_shape import Shape

PAIRS = 60_000
"""How many are shown, if nothing is said."""
BATCH = 4
_FEW, _MANY = 96, 512  # pairs that answers are compared to, on the way and at the end


def train_pairs(options: TrainingOptions, notify: Callable[[str], None]) -> bool:
    """Train until all pairs were shown, or something stops it; return whether it is finished.

    Raises
    ------
    ValueError, OSError
        If it cannot begin, or cannot go on: the sentence says why.
    """
    return _Run(options, notify).go()


def _refuse(options: TrainingOptions) -> None:
    for name, is_asked in (
        ("--tiles", options.tiles),
        ("--freeze", options.frozen > 0),
        ("--augment", options.augmentation is not None),
        ("--preset standard", options.preset != "small"),
        ("--from", options.source is not None),
        ("--no-noise", not options.noisy),
        ("--wide", options.wide),
    ):
        if is_asked:
            raise ValueError(f"{name} does not go with --pairs: leave it out")


class _Run(Run):
    """A network on pairs in training."""

    trainer: PairTrainer

    def __init__(self, options: TrainingOptions, notify: Callable[[str], None]) -> None:
        _refuse(options)
        self.folder, self.state = find_place(options)
        device = machine.settle(machine.choose(options.device), ProcessGroup())
        ready = prepare_pairs(options.folder, self.folder / "ready", options.size, notify)
        self.report: PairReport = ready.report
        notify(self.report.text())
        settings = Settings(options.pictures or PAIRS, options.batch or BATCH, seed=options.seed)
        sampler = Sampler(
            ready.pictures,
            self.report.names,
            options.seed,
            mirrors=options.mirrors,
            turns=options.turns,
        )
        trainer = PairTrainer(Shape(), settings, sampler, device)
        record = {
            "shape": asdict(trainer.shape), "settings": asdict(settings),
            "pictures": ready.sha256, "turned": [options.mirrors, options.turns],
        }  # fmt: skip
        self.record: dict[str, Any] = json.loads(json.dumps(record))
        self.spent_s = 0.0
        if options.resumes and self.state.exists():
            self.spent_s = resume(trainer, self.state, self.record)
            notify(f"going on after {trainer.shown} pairs")
        super().__init__(options, trainer, notify, ProcessGroup())
        self.mark = (self.begun, trainer.shown)

    def progress(self, now: float) -> None:
        """Say how far it is, now and then."""
        trainer = self.trainer
        if now - self.notified < NOTIFIED_S:
            return
        rate = (trainer.shown - self.mark[1]) / (now - self.mark[0])
        self.notified, self.mark = now, (now, trainer.shown)
        left_s = trainer.cost_left() / rate
        self.notify(
            f"{trainer.shown} of {trainer.settings.pictures} pairs, at {trainer.side} px, "
            f"{rate:.1f}/s, about {duration(left_s)} left"
        )

    def save(self, *, is_last: bool = False) -> None:
        """Write the state, a sheet, the network and what is known of it."""
        self.saved = time.monotonic()
        trainer = self.trainer
        tensors, numbers = trainer.state()
        spent_s = self.spent_s + self.saved - self.begun
        kept = {**numbers, "start": self.record, "spent_s": spent_s}
        checkpoint.write_state(self.state, tensors, kept)
        pictures, columns = sheet(trainer)
        name = f"{trainer.shown:010d}.png"
        checkpoint.write_sheet(self.folder / "sheets" / name, pictures, columns)
        found = measure(trainer, _MANY if is_last else _FEW)
        apart = (
            f"{found['told_l1']} of 255 ({found['told_psnr']} dB) with the code of the target, "
            f"{found['untold_l1']} ({found['untold_psnr']} dB) without"
        )
        self.notify(f"distance to pairs held out: {apart}")
        self._write_network(spent_s, apart)

    def _write_network(self, spent_s: float, apart: str) -> None:
        trainer, options = self.trainer, self.options
        licence, data_set, credits_ = attribution(options, self.report.credit.values())
        side = trainer.sampler.pictures.shape[1]
        network = Network(
            PIX2PIX,
            trainer.mean.arrays(),
            {"": trainer.shape.attributes(side)},
            origin=f"latent-cinema train --pairs, {trainer.shown} pairs shown",
            licence=licence,
            data_set=data_set,
        )
        known = facts_of(network, trainer, f"U-net {side}x{side}", credits_, len(self.report.names))
        more = {"distance": apart, "hours": f"{spent_s / 3600:.2f}"}
        write_with_card(options.out, network, {**known, **more})
