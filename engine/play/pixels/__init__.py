"""Generator pixels for a plan: from workers or inline, and to GL."""
