"""Film edits as editors write them: one reader per format."""
