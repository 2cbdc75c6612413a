"""GL objects."""
