"""``latent-cinema train``: from a folder of pictures to a network, clock and signals included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.generators.archive import index
from engine.lab.gan import device as machine
from engine.lab.gan.generator import network_of
from engine.lab.gan.process_group import ProcessGroup, join
from engine.lab.gan.shape import cost_left
from engine.lab.gan.trained import Trained
from engine.lab.gan.trainer import Trainer
from engine.lab.training import archive_index, checkpoint
from engine.lab.training.distance import compare
from engine.lab.training.snapshots import write_ages
from engine.lab.training.start import Start, TrainingOptions, begin
from engine.models import card
from engine.models.network import Network
from engine.models.sidecars import snapshots
from engine.system import hashing
from engine.system.atomic import open_new, write_text
from engine.system.interrupts import handled

SAVED_S = 120.0
"""Time between two savings: so much is lost at most."""
NOTIFIED_S = 15.0
_SHEET = (64, 8)  # pictures, columns
_COMPARED = 512
_LATE_OVERFIT = 0.4


def train(options: TrainingOptions, notify: Callable[[str], None]) -> bool:
    """Train until all pictures were shown, or something stops it; return whether it is finished.

    Raises
    ------
    ValueError, OSError
        If it cannot begin, or cannot go on: the sentence says why.
    """
    device = machine.choose(options.device)
    group = join(device)
    leader_notify = notify if group.rank == 0 else _silent
    start = begin(options, machine.settle(device, group), group, leader_notify)
    return _Run(options, start, group, leader_notify).go()


def _silent(_: str) -> None:
    """Say nothing: another process speaks."""


class Run:
    """One start of a training until it stops; what is trained is told in `save` and `progress`."""

    def __init__(
        self,
        options: TrainingOptions,
        trainer: Trained,
        notify: Callable[[str], None],
        group: ProcessGroup,
    ) -> None:
        self.options, self.trainer, self.notify, self.group = options, trainer, notify, group
        self.begun = self.saved = self.notified = time.monotonic()
        self.stop = threading.Event()

    def go(self) -> bool:
        """Go on until the end; return whether that is reached, else somebody stopped it."""
        with handled(lambda *_: self.stop.set()):  # at the next step, not in the middle
            while not self._is_over():
                self.snapshot()
                self.trainer.advance()
                self.progress(time.monotonic())
                if time.monotonic() - self.saved > SAVED_S:
                    self.save()
        self.snapshot()
        is_done = self._is_full()
        self.save(is_last=is_done)
        return is_done

    def _is_full(self) -> bool:
        return self.trainer.shown >= int(self.trainer.settings.pictures)

    def _is_over(self) -> bool:
        """Whether to stop; all processes stop at the same step."""
        is_late = 0 < self.options.minutes * 60 < time.monotonic() - self.begun
        return self._is_full() or self.group.any(self.stop.is_set() or is_late)

    def snapshot(self) -> None:
        """Keep the network as it is now, where a snapshot belongs."""

    def progress(self, now: float) -> None:
        """Say how far it is, now and then."""
        raise NotImplementedError

    def save(self, *, is_last: bool = False) -> None:
        """Write the state, a sheet, the network and what is known of it."""
        raise NotImplementedError


class _Run(Run):
    """A StyleGAN2 in training."""

    trainer: Trainer

    def __init__(
        self,
        options: TrainingOptions,
        start: Start,
        group: ProcessGroup,
        notify: Callable[[str], None],
    ) -> None:
        super().__init__(options, start.trainer, notify, group)
        self.start = start
        self.mark = (self.begun, self.trainer.shown, self.trainer.stage.side)

    def snapshot(self) -> None:
        """Keep the generator as it is now, at counts that grow."""
        trainer = self.trainer
        if self.group.rank == 0 and checkpoint.snapshot_at(trainer.shown, trainer.settings.batch):
            checkpoint.write_snapshot(self.start.folder / "snapshots", trainer.mean, trainer.shown)

    def progress(self, now: float) -> None:
        """Say how far it is, now and then."""
        trainer = self.trainer
        stage, settings = trainer.stage, trainer.settings
        if stage.side != self.mark[2]:
            self.mark = (now, trainer.shown, stage.side)
        if now - self.notified < NOTIFIED_S or trainer.shown == self.mark[1]:
            return
        self.notified = now
        rate = (trainer.shown - self.mark[1]) / (now - self.mark[0])
        left = cost_left(trainer.shape, trainer.shown, settings.pictures, grows=settings.grows)
        kept = trainer.adaptive
        by_heart = f", learning by heart ({kept.overfit:.2f})"
        self.notify(
            f"{trainer.shown} of {settings.pictures} pictures, at {stage.side} px, {rate:.1f}/s, "
            f"augmentation {kept.probability:.2f}"
            + (by_heart if kept.overfit > _LATE_OVERFIT else "")
            + f", about {duration(left / rate)} left"
        )

    def save(self, *, is_last: bool = False) -> None:
        """Write the state, a sheet, the network and what is known of it."""
        self.saved = time.monotonic()
        if self.group.rank:
            return
        trainer, folder = self.trainer, self.start.folder
        tensors, numbers = trainer.state()
        spent_s = self.start.spent_s + time.monotonic() - self.begun
        kept = {**numbers, "start": self.start.record, "spent_s": spent_s}
        checkpoint.write_state(folder / "state.safetensors", tensors, kept)
        pictures = checkpoint.pictures_of(trainer.mean, _SHEET[0])
        checkpoint.write_sheet(folder / "sheets" / f"{trainer.shown:010d}.png", pictures, _SHEET[1])
        facts: dict[str, str | int] = {}
        if is_last:
            apart = compare(trainer.mean, self.start.sampler, _COMPARED)
            self.notify(f"sliced Wasserstein distance (×1000) by side: {json.dumps(apart)}")
            facts["distance"] = f"sliced Wasserstein ×1000: {json.dumps(apart)}"
        # They are of the network before.
        snapshots.path_of(self.options.out).unlink(missing_ok=True)
        network = network_of(
            trainer.mean, origin=f"latent-cinema train, {trainer.shown} pictures shown",
            data_set=self.start.data_set, licence=self.start.licence,
        )  # fmt: skip
        architecture = f"StyleGAN2 {trainer.shape.size}x{trainer.shape.size}"
        known = facts_of(network, trainer, architecture, self.start.credits, self.start.files)
        hours = {"hours": f"{spent_s / 3600:.2f}"}
        write_with_card(self.options.out, network, {**known, **facts, **hours})
        if is_last:
            self._finish()

    def _finish(self) -> None:
        """Write what belongs to a finished network: its ages, and its archive."""
        out, folder = self.options.out, self.start.folder
        written = write_ages(folder / "snapshots", out)
        self.notify(f"{written.path.name}: {len(written.shown)} ages, for …/generator/age")
        archive = index.path_beside(out)
        found = archive_index.write_index(folder, archive, notify=self.notify)
        self.notify(f"{archive.name}: {len(found.entries)} pictures, to show the archive")


def facts_of(
    network: Network, trainer: Trained, architecture: str, credits_: str, files: int
) -> dict[str, str | int]:
    """Return what a card says of a network as it is now; `files` are those that it is made of."""
    return {
        "family": network.family,
        "architecture": architecture,
        "licence": network.licence,
        "origin": network.origin.partition(",")[0],
        "data_set": network.data_set,
        "credits": credits_,
        "pictures": files,
        "pictures_shown": trainer.shown,
        "steps": trainer.step,
        "seed": trainer.settings.seed,
    }


def write_with_card(out: Path, network: Network, facts: dict[str, str | int]) -> None:
    """Write a network in half precision, then its card with today's date and its hash.

    Raises
    ------
    OSError
        If one of them cannot be written.
    """
    with open_new(out) as file:
        card.write(file, network, half=True)
    facts = {
        **facts,
        "date": datetime.now(UTC).date().isoformat(),
        "sha256": hashing.sha256_of(out),
    }
    write_text(card.card_path(out), card.card_text(facts))


def duration(seconds: float) -> str:
    """Write a duration for people."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
