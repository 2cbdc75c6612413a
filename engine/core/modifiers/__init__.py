"""What turns a path that is led somewhere: one file per modifier."""
