"""Generators: latents and pictures in, pixels out."""
