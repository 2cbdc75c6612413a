"""``latent-cinema train``: a training from its folder of pictures to its network, clock included."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from engine.app.train_start import Start, begin
from engine.generators import card
from engine.generators.network import Network
from engine.training import keeping
from engine.training.distance import distance
from engine.training.generator import network_of
from engine.training.group import Group, join
from engine.training.trainer import Trainer

_SAVED_S = 120.0
_TOLD_S = 15.0
_SHEET = (64, 8)
_COMPARED = 512


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line.

    Parameters
    ----------
    folder, out
        Pictures in, network out (``….safetensors``).
    size, preset, pictures, batch, seed
        Sizes; 0 and None: the preset's.
    source
        A network to begin with.
    resumes
        Whether to go on where an earlier training of the same name was stopped.
    tiles, mirrors, turns
        How pictures are cut and turned.
    frozen
        How many of the discriminator's finest blocks stay as they are.
    augmentation
        Its probability; None: as needed.
    licence, credit, data_set
        For the card.
    device
        ``auto``, ``cpu``, ``cuda``.
    minutes
        After which it stops; 0: when all pictures were shown.
    """

    folder: Path
    out: Path
    size: int = 128
    preset: str = "small"
    pictures: int = 0
    batch: int = 0
    seed: int = 0
    source: Path | None = None
    resumes: bool = False
    tiles: bool = False
    mirrors: bool = False
    turns: bool = False
    frozen: int = 0
    augmentation: float | None = None
    licence: str = ""
    credit: str = ""
    data_set: str = ""
    device: str = "auto"
    minutes: float = 0.0


def train(wish: Wish, say: Callable[[str], None]) -> bool:
    """Train until all pictures were shown, the time is over, or somebody stops it.

    Parameters
    ----------
    wish
        What was asked for.
    say
        Takes lines for people.

    Returns
    -------
    bool
        Whether it is finished; else ``--resume`` goes on.

    Raises
    ------
    ValueError, OSError
        If it cannot begin, or cannot go on: the sentence says why.
    """
    device = _device(wish.device)
    group = join(device)
    if device == "cuda":
        device = f"cuda:{group.local_rank}"
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
    heard = say if group.rank == 0 else _silent
    start = begin(wish, device, group, heard)
    return _Run(wish, start, group, heard).go()


def _silent(_: str) -> None:
    """Say nothing: another process speaks."""


def _device(asked: str) -> str:
    if asked != "auto":
        return asked
    return "cuda" if torch.cuda.is_available() else "cpu"


class _Run:
    """One start of a training until it stops."""

    def __init__(self, wish: Wish, start: Start, group: Group, say: Callable[[str], None]) -> None:
        self.wish, self.start, self.group, self.say = wish, start, group, say
        self.trainer: Trainer = start.trainer
        self.begun = self.saved = self.told = time.monotonic()
        self.first = self.trainer.shown
        self.stop = threading.Event()

    def go(self) -> bool:
        """Go on until the end."""
        kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
        if threading.current_thread() is threading.main_thread():
            for name in kept:
                signal.signal(name, self._asked_to_stop)
        try:
            while not self._is_over():
                self._snapshot()
                self.trainer.advance()
                self._tell()
                if time.monotonic() - self.saved > _SAVED_S:
                    self.save()
            self._snapshot()
            self.save(is_last=self.trainer.shown >= self.start.pictures)
        finally:
            if threading.current_thread() is threading.main_thread():
                for name, handler in kept.items():
                    signal.signal(name, handler)
        return self.trainer.shown >= self.start.pictures

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def _is_over(self) -> bool:
        """Whether to stop; all processes stop at the same step."""
        is_late = 0 < self.wish.minutes * 60 < time.monotonic() - self.begun
        is_over = self.stop.is_set() or is_late
        if self.group.size > 1:
            is_over = bool(self.group.mean(torch.tensor(float(is_over)).to(self.trainer.device)))
        return is_over or self.trainer.shown >= self.start.pictures

    def _snapshot(self) -> None:
        trainer = self.trainer
        if self.group.rank == 0 and keeping.snapshot_at(trainer.shown, trainer.settings.batch):
            keeping.write_snapshot(self.start.folder / "snapshots", trainer.mean, trainer.shown)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self.told < _TOLD_S:
            return
        self.told = now
        trainer = self.trainer
        rate = (trainer.shown - self.first) / (now - self.begun)
        stage = trainer.stage
        left_s = (self.start.pictures - trainer.shown) / max(rate, 1e-6)
        overfit = f", learning by heart {trainer.adaptive.overfit:.2f}" if trainer.adaptive.overfit > 0.4 else ""
        self.say(
            f"{trainer.shown} of {self.start.pictures} pictures, at {stage.side} px, "
            f"{rate:.1f}/s, augmentation {trainer.adaptive.probability:.2f}{overfit}, "
            f"{_duration(left_s)} left at this rate (larger pictures take longer)"
        )

    def save(self, *, is_last: bool = False) -> None:
        """Write the state, a sheet, the network and what is known of it."""
        self.saved = time.monotonic()
        if self.group.rank:
            return
        trainer, folder = self.trainer, self.start.folder
        tensors, numbers = trainer.state()
        spent_s = self.start.spent_s + time.monotonic() - self.begun
        keeping.write_state(
            folder / "state.safetensors", tensors,
            {**numbers, "start": self.start.record, "spent_s": spent_s},
        )  # fmt: skip
        pictures = keeping.pictures_of(trainer.mean, _SHEET[0])
        keeping.write_sheet(folder / "sheets" / f"{trainer.shown:010d}.png", pictures, _SHEET[1])
        facts: dict[str, Any] = {}
        if is_last:
            facts["distance"] = self._distance()
            self.say(f"sliced Wasserstein distance (×1000) by side: {facts['distance']}")
        self._write_network(spent_s, facts)

    def _distance(self) -> dict[int, float]:
        count = min(_COMPARED, len(self.start.supply.shown))
        made = keeping.pictures_of(self.trainer.mean, count, seed=10_000)
        real = self.start.supply.pictures[self.start.supply.shown[:: len(self.start.supply.shown) // count][:count]]
        sets = [torch.from_numpy(x.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1 for x in (real, made)]
        return distance(sets[0], sets[1])

    def _write_network(self, spent_s: float, facts: dict[str, Any]) -> None:
        start, trainer, out = self.start, self.trainer, self.wish.out
        network: Network = network_of(
            trainer.mean, origin=f"latent-cinema train, {trainer.shown} pictures shown",
            data_set=start.data_set, licence=start.licence,
        )  # fmt: skip
        keeping.replace(out, lambda file: card.write(file, network, half=True))
        told = card.card_text(
            {
                **start.told(trainer),
                "date": datetime.now(UTC).date().isoformat(),
                "hours": f"{spent_s / 3600:.2f}",
                **({"distance": json.dumps(facts["distance"])} if facts else {}),
                "sha256": card.sha256_of(out),
            }
        )
        keeping.replace(card.card_path(out), lambda file: file.write(told.encode()) and None)


def _duration(seconds: float) -> str:
    minutes = int(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
