"""Training samples from folders of pictures."""
