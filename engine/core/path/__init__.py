"""One path as data, and where it is along itself: phase, keyframes, speed."""
