"""DMX by network: lamps that follow the picture, and parameters for other machines."""
