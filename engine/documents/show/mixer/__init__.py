"""What mixes layers: decks and their crossfader."""
