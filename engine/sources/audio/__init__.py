"""Audio input and playback in processes of their own, and audio files."""
