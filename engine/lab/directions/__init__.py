"""Latent directions: found, taught and kept."""

METHODS = ("ganspace", "sefa", "random", "difference", "boundary", "measured", "stylespace")
"""Of finding directions; each is a file ``by_NAME.py``."""
