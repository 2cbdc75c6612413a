"""Studies of a network: samples, inversions, clusters, maps, its archive."""
