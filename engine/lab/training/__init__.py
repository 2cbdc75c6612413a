"""Training of networks on an artist's own pictures; imports torch, so nothing imports it early."""
