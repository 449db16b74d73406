"""Thinking aloud."""
