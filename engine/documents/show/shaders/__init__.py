"""Shaders of a show: their files, and what their inputs follow and see."""
