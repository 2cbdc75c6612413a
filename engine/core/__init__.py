"""Values and pure functions of a frame. Standard library and numpy only."""
