"""Ways to find directions, each a file ``find_WAY.py``: named here, so that help loads nothing."""

WAYS = ("ganspace", "sefa", "random", "difference", "boundary", "measured", "stylespace")
