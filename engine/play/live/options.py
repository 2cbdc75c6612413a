"""Command-line options of a performance."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about a performance; None leaves it to the show."""

    show: str = "default"
    outputs: tuple[str, ...] = ()
    size_px: tuple[int, int] | None = None
    fps: Fraction | None = None
    seed: int | None = None
    is_windowed: bool = False
    monitor: str | None = None
    operator: str | None = None
    osc: str | None = None
    osc_allow: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    oscquery: str | None = None
    dmx: tuple[str, ...] = ()
    link: bool = False
    midi: str | None = None
    audio: str | None = None
    audio_channel: int | None = None
    audio_gain_db: float | None = None
    take: Path | None = None
    plan: Path | None = None
    duration_s: float | None = None
    stats: Path | None = None
    ready: Path | None = None
    is_demo: bool = False
    device: str = "auto"
