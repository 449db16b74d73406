"""Replacing text in files."""
