"""Layers laid on a canvas: moved, blended, in groups and on decks."""
