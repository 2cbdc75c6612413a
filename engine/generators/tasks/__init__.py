"""Background tasks of generators: probe, invert, drag."""
