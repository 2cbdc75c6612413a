"""Film edits as editors write them: one reader a format."""
