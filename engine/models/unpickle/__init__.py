"""A pickle machine that runs nothing."""
