"""Films and picture sequences."""
