"""Where a plan’s pixels come from: workers, inline, bridge to GL."""
