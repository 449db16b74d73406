"""A file that fails."""

raise ValueError("on purpose")
