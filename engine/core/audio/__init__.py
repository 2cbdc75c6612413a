"""Causal audio analysis."""
