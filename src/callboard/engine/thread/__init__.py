"""The thread of a run: its events, and those of everything below it, as rows that people read."""
