"""Devices and recordings to events: one file each."""
