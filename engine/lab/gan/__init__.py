"""Training a StyleGAN2: networks, loss, one step."""
