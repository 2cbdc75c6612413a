"""Layers laid on a canvas: placed, moved and blended."""
