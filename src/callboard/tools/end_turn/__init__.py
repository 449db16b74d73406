"""Ending the turn."""
