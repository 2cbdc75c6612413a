"""Shelf of sources: devices and networks to events, one file each."""
