"""Compositor: pixels and ISF shader chains in, the finished picture out."""
