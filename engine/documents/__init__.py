"""What is written down: shows, takes, edits, provenance."""
