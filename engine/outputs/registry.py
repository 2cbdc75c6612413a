"""Registry of outputs: the files of this shelf, and entry points ``latent_cinema.outputs``."""

from __future__ import annotations

from pathlib import Path

from engine.system.plugins import Shelf

_SHELF = Shelf("engine.outputs", "latent_cinema.outputs", "output")
kinds = _SHELF.kinds
load = _SHELF.load


def kind_of_file(path: Path) -> str | None:
    """Find the output that writes files which end like this one."""
    suffix = path.suffix.lower()
    there = kinds() if suffix else ()
    return next((k for k in there if suffix in getattr(load(k), "SUFFIXES", ())), None)
