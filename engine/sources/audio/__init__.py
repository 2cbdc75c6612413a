"""Sound in and out, in processes of their own; sound files."""
