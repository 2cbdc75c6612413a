"""Tempo and timecode from outside: what bytes and sound say about the beat. Pure."""
