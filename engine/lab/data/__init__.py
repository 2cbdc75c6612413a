"""Folders of pictures → training samples."""
