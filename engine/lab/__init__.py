"""The laboratory: networks are made and studied; nothing here runs in a show."""
