"""The CPU backend: the same networks as compiled loops."""
