"""Colour of the finished picture on the GPU: grade, looks, dither."""
