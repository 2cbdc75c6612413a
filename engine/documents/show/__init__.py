"""A show file ⇄ a Show."""
