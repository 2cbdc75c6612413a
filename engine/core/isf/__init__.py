"""ISF headers as data."""
