"""Films: what a file says of itself, and its frames by their time."""
