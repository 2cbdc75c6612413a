"""Outputs by name: the files of this shelf, then entry points ``latent_cinema.outputs``."""

from __future__ import annotations

from engine.system.plugins import Shelf

_SHELF = Shelf("engine.outputs", "latent_cinema.outputs", "output")
kinds = _SHELF.kinds
load = _SHELF.load
