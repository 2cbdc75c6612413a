"""Latents (and images) in, pixels out: one file each."""
