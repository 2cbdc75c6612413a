"""The StyleGAN family: what its kinds share."""
