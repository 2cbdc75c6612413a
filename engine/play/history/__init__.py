"""What hands did: undone, done again, kept as cues."""
