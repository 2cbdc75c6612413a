"""Looking at a network: sample, invert, clusters, maps, archive."""
