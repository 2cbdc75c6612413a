"""One path as data, and its position: phase, keyframes, speed."""
