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
from engine.lab.training import archive_index, checkpoint
from engine.lab.training.distance import compare
from engine.lab.training.options import TrainingOptions
from engine.lab.training.snapshots import write_ages
from engine.lab.training.start import Start, begin
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
    """Train until all pictures were shown, the time is over, or somebody stops it.

    Parameters
    ----------
    options
        What was asked for.
    notify
        Takes lines for people.

    Returns
    -------
    bool
        Whether it is finished; else a later start goes on.

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


class _Run:
    """One start of a training until it stops."""

    def __init__(
        self,
        options: TrainingOptions,
        start: Start,
        group: ProcessGroup,
        notify: Callable[[str], None],
    ) -> None:
        self.options, self.start, self.group, self.notify = options, start, group, notify
        self.trainer = start.trainer
        self.begun = self.saved = self.notified = time.monotonic()
        self.mark = (self.begun, self.trainer.shown, self.trainer.stage.side)
        self.stop = threading.Event()

    def go(self) -> bool:
        """Go on until the end."""
        with handled(lambda *_: self.stop.set()):  # at the next step, not in the middle
            while not self._is_over():
                self._snapshot()
                self.trainer.advance()
                self._report_progress()
                if time.monotonic() - self.saved > SAVED_S:
                    self.save()
        self._snapshot()
        is_done = self.trainer.shown >= self.trainer.settings.pictures
        self.save(is_last=is_done)
        return is_done

    def _is_over(self) -> bool:
        """Whether to stop; all processes stop at the same step."""
        is_late = 0 < self.options.minutes * 60 < time.monotonic() - self.begun
        is_full = self.trainer.shown >= self.trainer.settings.pictures
        return is_full or self.group.any(self.stop.is_set() or is_late)

    def _snapshot(self) -> None:
        trainer = self.trainer
        if self.group.rank == 0 and checkpoint.snapshot_at(trainer.shown, trainer.settings.batch):
            checkpoint.write_snapshot(self.start.folder / "snapshots", trainer.mean, trainer.shown)

    def _report_progress(self) -> None:
        now, trainer = time.monotonic(), self.trainer
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
        snapshots.path_of(self.options.out).unlink(
            missing_ok=True
        )  # they are of the network before
        self._write_network(spent_s, facts)
        if is_last:
            self._finish()

    def _write_network(self, spent_s: float, more: dict[str, str | int]) -> None:
        start, trainer, out = self.start, self.trainer, self.options.out
        network = network_of(
            trainer.mean, origin=f"latent-cinema train, {trainer.shown} pictures shown",
            data_set=start.data_set, licence=start.licence,
        )  # fmt: skip
        write_with_card(
            out,
            network,
            {**start.facts(), **more, "hours": f"{spent_s / 3600:.2f}"},
        )

    def _finish(self) -> None:
        """Write what belongs to a finished network: its ages, and its archive."""
        out, folder = self.options.out, self.start.folder
        written = write_ages(folder / "snapshots", out)
        self.notify(f"{written.path.name}: {len(written.shown)} ages, for …/generator/age")
        archive = index.path_beside(out)
        found = archive_index.write_index(folder, archive, notify=self.notify)
        self.notify(f"{archive.name}: {len(found.entries)} pictures, to show the archive")


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
