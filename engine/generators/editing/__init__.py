"""Reaching inside a network: bending, sliders."""
