"""Commands: thin."""
