"""Takes: performances on disk."""
