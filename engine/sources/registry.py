"""Registry of sources: the files of this shelf, and entry points ``latent_cinema.sources``."""

from __future__ import annotations

from engine.system.plugins import Shelf

_SHELF = Shelf("engine.sources", "latent_cinema.sources", "source")
kinds = _SHELF.kinds
load = _SHELF.load
