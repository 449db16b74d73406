"""Doing it: read the log, decide, perform, append, again."""
