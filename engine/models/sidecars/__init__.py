"""What lies beside a model: snapshots, clusters, directions, maps."""
