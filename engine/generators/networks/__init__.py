"""Plain torch networks read from weights, differentiable."""
