"""The path part of a show file, and the files it names."""
