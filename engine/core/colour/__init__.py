"""Colour of the finished picture: white balance, tables of looks, and what a frame is graded by."""
