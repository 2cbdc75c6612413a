"""Finding, teaching and keeping latent directions."""
