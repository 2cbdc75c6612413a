"""THE SHELF: one file per kind of generator."""
