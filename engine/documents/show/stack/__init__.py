"""How the layers of a show lie on each other: placing, groups, and what they see of others."""
