"""Installation and diagnosis."""
