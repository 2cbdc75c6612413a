"""Network editing: bending, edit directions."""
