"""MIDI in and out: bytes, what they say, and the process that owns the devices."""
