"""Commands of `latent-cinema`, one thin module each."""
