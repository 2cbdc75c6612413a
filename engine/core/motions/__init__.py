"""Motions of a path: one file per motion, all with one signature."""
