"""Formats of foreign network files, read into `Network`."""
