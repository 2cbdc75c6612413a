"""A trajectory written down frame by frame, and how it follows a film edit."""
