"""Adding a message."""
