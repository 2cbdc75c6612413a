"""Wires everything: the only wall clock, processes, files and error policy."""
