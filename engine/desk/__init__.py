"""The web control desk: state out, events in (its own issue)."""
