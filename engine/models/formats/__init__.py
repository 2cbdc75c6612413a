"""Foreign network files → `Network`."""
