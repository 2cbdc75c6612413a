"""The line: advance (events → state) and sample (state → plan)."""
