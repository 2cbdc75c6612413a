"""Shelf of outputs: finished pictures shown, shared or stored, one file each."""
