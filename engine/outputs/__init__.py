"""Show, map, share or store finished pictures: one file each."""
