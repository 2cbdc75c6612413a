"""Making and studying networks; nothing here runs in a show."""
