"""What is constant while a show plays (Show, Spec, Constants) and what changes (State)."""
