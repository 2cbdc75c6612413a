"""What cues are recalled with: ways by kind of value, lists, the fader, and what is put back."""
