"""The end of a task."""
