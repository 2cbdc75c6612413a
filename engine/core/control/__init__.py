"""What moves parameters: signals, oscillators, routes, cues, beat, steering."""
