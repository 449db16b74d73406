"""The state of an agent run: the fold of its events."""
