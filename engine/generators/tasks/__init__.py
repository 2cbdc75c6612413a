"""What a generator does beside its frames: probe, invert, drag."""
