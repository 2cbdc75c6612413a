"""Settings of a training, as they are given on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What was asked for on the command line.

    Parameters
    ----------
    folder, out
        Pictures in, network out (``….safetensors``).
    preset
        ``small`` or ``standard``.
    pictures, batch
        How many are shown, altogether and per step; 0: as the preset has it.
    resumes
        Whether to go on where an earlier training of the same name was stopped.
    tiles, mirrors, turns
        How pictures are cut and turned.
    frozen
        How many of the discriminator's finest blocks stay as they are.
    augmentation
        Its probability; None: as needed.
    wide
        Whether it learns to fill canvases that are wider than the trained picture.
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
    noisy: bool = True
    wide: bool = False
    device: str = "auto"
    minutes: float = 0.0
