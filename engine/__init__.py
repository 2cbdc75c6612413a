"""Latent Cinema: a real-time latent-cinema performance engine."""

__version__ = "0.1.0"
