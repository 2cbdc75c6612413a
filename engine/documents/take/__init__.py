"""A performance on disk."""
