"""The shelf of generators: one file per kind."""
