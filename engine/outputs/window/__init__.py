"""Windows, monitors, keys and pointer, operator overlay."""
