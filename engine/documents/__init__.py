"""Documents: shows, takes, edits, provenance."""
