"""Playing of shows: the frame line, live and in films."""
