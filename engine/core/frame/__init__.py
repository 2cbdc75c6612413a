"""The frame line: advance (events → state) and sample (state → plan)."""
