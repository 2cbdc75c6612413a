"""Latents of seeds, as StyleGAN's tools draw them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, onto_shell, shell_radius


@lru_cache(maxsize=64)
def seed_latent(seed: int, size: int) -> Vector:
    """Latent of a seed as StyleGAN's tools draw it: ``RandomState(seed).randn(1, size)``."""
    latent: Vector = np.random.RandomState(seed & 0xFFFFFFFF).randn(1, size)[0]
    return latent


@lru_cache(maxsize=256)
def seed_key(seed: int, size: int) -> Vector:
    """Latent of a seed (``RandomState(seed).randn(1, size)``), moved onto the shell."""
    latent = np.random.RandomState(seed & 0xFFFFFFFF).randn(1, size)[0]
    return onto_shell(latent, shell_radius(size))
