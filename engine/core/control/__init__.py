"""Control of parameters: signals, oscillators, routes, cues, beat, steering."""
