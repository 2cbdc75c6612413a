"""Modulators: signals that are made of other signals, of the beat, or of chance."""
