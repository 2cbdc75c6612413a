"""The laboratory: making and studying networks; nothing here runs in a show."""
