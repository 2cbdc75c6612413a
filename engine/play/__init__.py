"""The frame line against a clock."""
