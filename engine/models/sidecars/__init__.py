"""Sidecar files of a model: snapshots, clusters, directions, maps."""
