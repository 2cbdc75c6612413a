"""Finding, teaching and keeping latent directions."""

WAYS = ("ganspace", "sefa", "random", "difference", "boundary", "measured", "stylespace")
"""Names of the files ``by_NAME.py``, here so that a command knows them without loading any."""
