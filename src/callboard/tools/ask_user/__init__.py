"""Questions to a person."""
