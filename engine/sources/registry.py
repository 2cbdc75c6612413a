"""Sources by name: the files of this shelf, then entry points ``latent_cinema.sources``."""

from __future__ import annotations

from engine.system.plugins import Shelf

_SHELF = Shelf("engine.sources", "latent_cinema.sources", "source")
kinds = _SHELF.kinds
load = _SHELF.load
