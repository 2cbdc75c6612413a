"""Modifiers of a path's latents: one file per modifier."""
