"""The built-in piece (better: a shipped sound file, section 6)."""
