"""Film edits → a track."""
