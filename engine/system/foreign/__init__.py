"""Formats of other programs, read in limited children."""
