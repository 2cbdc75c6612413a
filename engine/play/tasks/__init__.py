"""Background tasks while a show plays; their results become events."""
