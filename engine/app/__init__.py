"""Command line, set-up and diagnosis, with one policy for errors."""
