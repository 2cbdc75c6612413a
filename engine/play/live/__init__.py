"""A performance: wall clock, operator, recording, error policy."""
