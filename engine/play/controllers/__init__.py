"""Controllers: what hands move becomes events, and what changed is shown on them."""
