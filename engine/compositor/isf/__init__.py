"""Compiling, checking and drawing ISF shaders."""
