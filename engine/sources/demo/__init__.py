"""Built-in piece of music."""
