"""Geometry of latent spaces: vectors in, vectors out. No paths, no parameters, no time."""
