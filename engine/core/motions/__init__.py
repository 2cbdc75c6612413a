"""Ways to move: one file per motion, all with one signature."""
