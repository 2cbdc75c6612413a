"""Geometry of latent spaces: vectors in, vectors out. Knows no path, no parameter, no time."""
