"""Instructions for a kind of task, from a folder."""
