"""The desk, seen by the player: controllers over the network."""
