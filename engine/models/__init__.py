"""Network files in one safe form: read without running them, checked, described."""
