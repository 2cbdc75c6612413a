"""The commands, as thin as they can be."""
