"""What a frame is: values and pure functions. Standard library and numpy only."""
