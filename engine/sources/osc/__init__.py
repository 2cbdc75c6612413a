"""OSC receiver and sender."""
